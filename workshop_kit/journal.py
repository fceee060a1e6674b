"""Append-only JSON Lines files: a record is confirmed once it is on disk, and a kill can't take it back."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any, TextIO

from workshop_kit.errors import BadInput
from workshop_kit.formats.writing import json_line


class Journal:
    """One file of records, held open and locked against a second writer until close().

    A last line that a kill left unfinished was never confirmed and is cut off.
    Raises BadInput when another process is writing, the file can't be written, or a line in its middle is
    damaged.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file: TextIO = open(path, "a+", encoding="utf-8", newline="\n")
        except OSError as problem:
            raise BadInput(f"{path} can't be written: {problem.strerror or problem}.") from None
        try:
            _lock(self._file, path)
            self.records = self._recover()
        except BaseException:
            self._file.close()
            raise

    def append(self, records: Iterable[dict[str, Any]]) -> None:
        """Write records and return when they are on disk.

        Raises BadInput when they can't be (a full disk); what was confirmed before stays.
        """
        records = list(records)
        if not records:
            return
        if self._file.closed:
            raise BadInput(f"{self.path} is open elsewhere since; go on there, or run this cell again.")
        confirmed = os.fstat(self._file.fileno()).st_size
        try:
            self._file.write("".join(json_line(record) for record in records))
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as problem:
            # A part of the batch may have reached the file: back to what was confirmed.
            try:
                os.ftruncate(self._file.fileno(), confirmed)
            except OSError:
                pass  # then the next opening cuts the unfinished line off
            reason = problem.strerror or problem
            raise BadInput(f"{self.path} can't take more rows ({reason}); make room and run it again.") from None
        self.records += records

    def close(self) -> None:
        """Give the file free."""
        try:
            self._file.close()
        except OSError:
            pass  # only buffered text that was never confirmed can be left

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _recover(self) -> list[dict[str, Any]]:
        data = self.path.read_bytes()
        end = data.rfind(b"\n") + 1
        records: list[dict[str, Any]] = []
        for number, line in enumerate(data[:end].splitlines(), 1):
            try:
                record = json.loads(line)
                if not isinstance(record, dict):
                    raise ValueError("not an object")
            except ValueError:
                raise BadInput(
                    f"{self.path}, line {number}, is damaged, so the run can't be resumed from it; move the file away."
                ) from None
            records.append(record)
        if end < len(data):
            os.truncate(self.path, end)
        return records


def _lock(file: TextIO, path: Path) -> None:
    try:
        import fcntl
    except ImportError:  # not on Windows, where opening twice is left to the user
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise BadInput(f"{path} is being written by another run; wait for it or choose another file.") from None
