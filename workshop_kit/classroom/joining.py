"""Teams and join codes for a whole roster, all or nothing; and the sheet to print and cut.

Codes are kept as hashes only, so the sheet's file is the one place where they can be read. It is written before the
database is told: whatever is killed when, a code on the last sheet that was written opens its team or is made anew by
the next run.
"""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Connection

from workshop_kit.classroom.roster import Attendee, Roster
from workshop_kit.errors import BadInput
from workshop_kit.formats.writing import spreadsheet_cell
from workshop_kit.league.store.audit import note
from workshop_kit.league.store.database import Database, bump
from workshop_kit.league.store.teams import add_member, found_team, members_of
from workshop_kit.league.store.tokens import new_code, team_of_code
from workshop_kit.workspace import write_atomically

CODES = "join-codes.csv"
PAGE = "join-codes.html"
COLUMNS = ("team", "join code", "members", "address")


@dataclass(frozen=True)
class Place:
    """One team's door: `new` teams were made by this run; the others had their code already."""

    team: str
    code: str
    members: tuple[str, ...]
    new: bool = True


@dataclass(frozen=True)
class Sheet:
    """Every team's join code."""

    places: tuple[Place, ...]
    url: str = ""
    title: str = "Workshop"

    def to_csv(self) -> str:
        """A line a team; a cell that a spreadsheet would run as a formula has an apostrophe in front."""
        out = io.StringIO(newline="")
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(COLUMNS)
        for place in self.places:
            cells = (place.team, place.code, "; ".join(place.members), self.url)
            writer.writerow([spreadsheet_cell(cell) for cell in cells])
        return out.getvalue()

    def to_html(self) -> str:
        """A page to print, a card for each team."""
        told = f"<p>League: <b>{html.escape(self.url)}</b></p>" if self.url else ""
        cards = "".join(
            f"<section><h2>{html.escape(place.team)}</h2><p class='code'>{html.escape(place.code)}</p>"
            f"<p>{html.escape(', '.join(place.members))}</p>{told}"
            f'<p class=\'how\'>In a notebook: <code>wk.join("{html.escape(place.code)}", "your name")</code></p>'
            "</section>"
            for place in self.places
        )
        return _PAGE.format(title=html.escape(self.title), cards=cards)

    def save(self, folder: str | Path) -> tuple[Path, Path]:
        """Write join-codes.csv and join-codes.html, readable for their owner alone."""
        paths = (Path(folder) / CODES, Path(folder) / PAGE)
        for path, text in zip(paths, (self.to_csv(), self.to_html()), strict=True):
            write_atomically(path, text)
            path.chmod(0o600)
        return paths

    def __str__(self) -> str:
        new = sum(place.new for place in self.places)
        return f"{len(self.places)} teams, {new} of them new, {sum(len(p.members) for p in self.places)} people."

    def _repr_html_(self) -> str:
        return f"<p>{html.escape(str(self))} The codes are in the sheet's files.</p>"


def set_up(
    database: Database, roster: Roster, folder: str | Path, *, url: str = "", title: str = "Workshop", who: str = ""
) -> Sheet:
    """Make every team with its members and code, and the sheet in `folder`; doing it again changes nothing.

    A code that the folder's sheet has and that still opens its team is kept. Raises BadInput, and nothing is done, when
    the roster has a fault.
    """
    roster.require_sound()
    known = known_codes(Path(folder) / CODES)
    with database.write() as connection:
        places = place_teams(connection, roster.teams, known, who or "classroom")
        sheet = Sheet(tuple(places), url, title)
        sheet.save(folder)
    return sheet


def place_teams(
    connection: Connection, teams: Mapping[str, Sequence[Attendee]], known: Mapping[str, str], who: str
) -> list[Place]:
    """Make the teams that are missing, note their members, and give each a code; a good one in `known` is kept."""
    places = []
    for name, attendees in teams.items():
        team, new = found_team(connection, name, who)
        before = set(members_of(connection, team.id))
        for attendee in attendees:
            if attendee.name not in before:
                add_member(connection, team.id, attendee.name, attendee.email)
        code = known.get(team.name) or known.get(name, "")
        if not code or team_of_code(connection, code) != (True, team.id):
            code = new_code(connection, team.id)
            note(connection, who, "new code", team.id)
        places.append(Place(team.name, code, tuple(members_of(connection, team.id)), new))
    bump(connection, "league")
    return places


def known_codes(path: Path) -> dict[str, str]:
    """Team -> code, from an earlier sheet."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except OSError as problem:
        raise BadInput(f"{path} can't be read ({problem.strerror or problem}).") from None
    found = {}
    for row in list(csv.reader(io.StringIO(text)))[1:]:
        if len(row) == len(COLUMNS):
            found[row[0]] = row[1]
            found[row[0].removeprefix("'")] = row[1]
    return found


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Join codes: {title}</title><style>
body {{ font: 15px/1.45 system-ui, sans-serif; color: #1d2430; background: #fff; margin: 1.5rem; }}
main {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1rem; }}
section {{ border: 1px dashed #5b6472; border-radius: 8px; padding: .9rem 1.1rem; break-inside: avoid;
  overflow-wrap: anywhere; }}
h2 {{ margin: 0 0 .2rem; font-size: 1.1rem; }} p {{ margin: .25rem 0; }} .how {{ color: #5b6472; font-size: .85rem; }}
.code {{ font: 700 1.5rem/1.3 ui-monospace, monospace; letter-spacing: .06em; }}
@media print {{ body {{ margin: 0; }} h1 {{ display: none; }} }}
</style></head><body><h1>Join codes: {title}</h1><main>{cards}</main></body></html>
"""
