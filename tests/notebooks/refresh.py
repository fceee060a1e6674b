"""Make the executed references anew: python tests/notebooks/refresh.py [--main]

Runs the masters in a fresh workspace and keeps what nbval compares: outputs of cells that are tagged to be ignored are
left out. Do it deliberately, and read the difference before you commit it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from workshop_kit import league, local_aws
from workshop_kit.masters import render
from workshop_kit.runner import execute, run_workshop, side_tracks

REPO = Path(__file__).resolve().parents[2]
REFERENCES = Path(__file__).with_name("references")
IGNORED = "nbval-ignore-output"


def reference(executed: dict) -> dict:
    """An executed notebook with nothing but its cells and the outputs that are compared."""
    for cell in executed["cells"]:
        tags = cell["metadata"].get("tags", [])
        cell["metadata"] = {"tags": [tag for tag in tags if tag != "injected-parameters"]} if tags else {}
        if cell["cell_type"] == "code":
            cell["outputs"] = [] if IGNORED in tags else [o for o in cell["outputs"] if o.get("name") != "stderr"]
    executed["metadata"] = {key: executed["metadata"][key] for key in ("kernelspec", "language_info")}
    executed["metadata"]["language_info"] = {"name": "python"}
    return executed


def main() -> int:
    """Run the masters and write the references."""
    REFERENCES.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        try:
            main_way = list(run_workshop(REPO / "solutions", home))
            # Those that take minutes can be left out while the main way is worked on.
            paths = [] if "--main" in sys.argv else side_tracks(REPO / "solutions")
            tracks = (execute(path, home / path.name, home=home) for path in paths)
            for done in (*main_way, *tracks):
                text = render(reference(json.loads(done.path.read_text(encoding="utf-8"))))
                (REFERENCES / done.path.name).write_text(text, encoding="utf-8")
        finally:
            league.stop(home)
            local_aws.stop(home)
    return 0


if __name__ == "__main__":
    sys.exit(main())
