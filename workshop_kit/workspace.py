"""The learner's own folder: what one notebook leaves for the next."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workshop_kit.errors import BadInput, NotYet
from workshop_kit.settings import workspace_root

# Which notebook leaves what, for the message when it is not there yet.
LEFT_BY = {
    "dataset": "01 (dataset generation)",
    "split": "02 (dataset review)",
    "training_job": "03 (fine-tuning launch)",
    "run": "04 (loss curves)",
    "endpoint": "05 (endpoint inference)",
    "submission": "06 (leaderboard submission)",
}


@dataclass(frozen=True)
class Workspace:
    """A folder with the learner's files in `work/`; notes pass from notebook to notebook as small JSON files."""

    root: Path

    @classmethod
    def here(cls) -> Workspace:
        """The workspace that the current folder and environment point to."""
        return cls(workspace_root())

    def work(self, name: str = "") -> Path:
        """A path in the learner's folder; the folder is made if it is missing."""
        folder = self.root / "work"
        folder.mkdir(parents=True, exist_ok=True)
        return folder / name if name else folder

    def remember(self, kind: str, note: dict[str, Any]) -> None:
        """Keep `note` for a later notebook; on disk before this returns, never half-written."""
        write_atomically(self.work(f"{kind}.json"), json.dumps(note, indent=2, ensure_ascii=False) + "\n")

    def recall(self, kind: str) -> dict[str, Any]:
        """The note that an earlier notebook left under `kind`.

        Raises NotYet when there is none and BadInput when the file is damaged.
        """
        path = self.work(f"{kind}.json")
        try:
            note = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            step = LEFT_BY.get(kind)
            what = f"run notebook {step} first" if step else "run the earlier step first"
            raise NotYet(f"There is no {kind.replace('_', ' ')} in {path.parent} yet: {what}.") from None
        except ValueError as problem:
            raise BadInput(
                f"{path} is damaged ({problem}); delete it and run the notebook that makes it again."
            ) from None
        if not isinstance(note, dict):
            raise BadInput(f"{path} does not hold a JSON object; delete it and run the notebook that makes it again.")
        return note


def write_atomically(path: Path, text: str) -> None:
    """Write `text` to `path` so that a reader, or a crash, sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
