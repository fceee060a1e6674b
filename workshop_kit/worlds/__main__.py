"""Write the domain folders: python -m workshop_kit.worlds FOLDER [ID …]

The same text every time. An event's own hidden questions are made by the league with another seed.
"""

from __future__ import annotations

import sys
from pathlib import Path

from workshop_kit.errors import KitError
from workshop_kit.worlds import WORLDS, world
from workshop_kit.worlds.files import files


def main(argv: list[str] | None = None) -> int:
    """The command line of this module."""
    given = sys.argv[1:] if argv is None else argv
    root = Path(given[0]) if given else Path("datasets")
    try:
        made = {id: files(world(id)) for id in given[1:] or WORLDS}
    except KitError as problem:
        print(problem, file=sys.stderr)
        return 1
    for id, texts in made.items():
        for name, text in texts.items():
            path = root / id / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        print(f"{root / id}: {', '.join(texts)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
