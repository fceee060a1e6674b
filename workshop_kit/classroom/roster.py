"""Who takes part, from a CSV file with the columns name, team and perhaps email: read whole or refused by line."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from workshop_kit.errors import BadInput
from workshop_kit.league.store.teams import NAME_LENGTH, name_key
from workshop_kit.records import Finding

MOST_ROWS = 5_000
LONGEST_FILE = 2_000_000  # characters
_EMAIL = re.compile(r"[^\s@<>,;]+@[^\s@<>,;]+\.[^\s@<>,;.]+")


@dataclass(frozen=True)
class Attendee:
    """One line of the file; `email` may be ''."""

    name: str
    team: str
    email: str = ""


@dataclass(frozen=True)
class Roster:
    """The attendees in the file's order, and everything that is wrong with it."""

    attendees: tuple[Attendee, ...]
    findings: tuple[Finding, ...] = ()

    @property
    def teams(self) -> dict[str, list[Attendee]]:
        """Team -> its members, under the spelling that came first."""
        spelled: dict[str, str] = {}
        found: dict[str, list[Attendee]] = {}
        for attendee in self.attendees:
            found.setdefault(spelled.setdefault(name_key(attendee.team), attendee.team), []).append(attendee)
        return found

    def require_sound(self) -> Roster:
        """Itself; raises BadInput with every fault, by line and field, when there is one."""
        if self.findings:
            shown = "; ".join(str(finding).rstrip(".") for finding in self.findings[:20])
            more = f"; and {len(self.findings) - 20} more" if len(self.findings) > 20 else ""
            raise BadInput(f"Nothing was set up: {shown}{more}. Mend the file and run it again.")
        return self


def read_roster(path: str | Path) -> Roster:
    """Read a CSV file. Raises BadInput when it can't be read at all; faults in it are the roster's findings."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise BadInput(f"{path} is not UTF-8 text; save it as 'CSV UTF-8'.") from None
    except OSError as problem:
        raise BadInput(f"{path} can't be read ({problem.strerror or problem}).") from None
    return roster_of(text, Path(path).name)


def roster_of(text: str, file: str = "") -> Roster:
    """The roster in a CSV's text, separated by commas, semicolons or tabs, with its column names in the first line."""
    if len(text) > LONGEST_FILE:
        raise BadInput(f"{file or 'The list'} has {len(text):,} characters; {LONGEST_FILE:,} are the most.")
    text = text.removeprefix("\ufeff")
    head = text.split("\n", 1)[0]
    separator = max(",;\t", key=head.count)
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    found: list[Attendee] = []
    wrong: list[Finding] = []
    seen: dict[tuple[str, str], int] = {}

    def fault(line: int, field: str, message: str) -> None:
        wrong.append(Finding("error", "roster", message, file=file, line=line, field=field))

    try:
        columns = [name.strip().lower() for name in next(rows, [])]
        for name in ("name", "team"):
            if columns.count(name) != 1:
                fault(1, name, f"the first line must name this column once; it has {', '.join(columns) or 'nothing'}")
        if wrong:
            return Roster((), tuple(wrong))
        for cells in rows:
            line = rows.line_num
            if not any(cell.strip() for cell in cells):
                continue
            if len(found) >= MOST_ROWS:
                fault(line, "", f"there are more than {MOST_ROWS} people; divide the event")
                break
            row = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
            attendee = Attendee(row.get("name", ""), row.get("team", ""), row.get("email", ""))
            if len(cells) > len(columns):
                fault(line, "", f"has {len(cells)} cells under {len(columns)} columns; put quotes around commas")
            _check(attendee, line, fault)
            key = (name_key(attendee.team), name_key(attendee.name))
            if key in seen and attendee.name:
                fault(line, "name", f"is in this team already, on line {seen[key]}")
            seen.setdefault(key, line)
            found.append(attendee)
    except csv.Error as problem:
        fault(rows.line_num, "", f"can't be read as CSV ({problem})")
    if not found and not wrong:
        fault(2, "name", "there is nobody in the list")
    return Roster(tuple(found), tuple(wrong))


def _check(attendee: Attendee, line: int, fault: Callable[[int, str, str], None]) -> None:
    for field, text in (("name", attendee.name), ("team", attendee.team)):
        if not text:
            fault(line, field, "is empty")
        elif not text.isprintable():
            fault(line, field, "has characters that can't be shown")
        elif len(text) > NAME_LENGTH:
            fault(line, field, f"has {len(text)} characters; {NAME_LENGTH} are the most")
        elif not name_key(text):
            fault(line, field, "has no letters")
    if attendee.email and (len(attendee.email) > 254 or not _EMAIL.fullmatch(attendee.email)):
        fault(line, "email", "is no e-mail address")
