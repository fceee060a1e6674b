"""The standings as bytes, made once for everybody who asks before they change."""

from __future__ import annotations

import json
import threading
from collections import OrderedDict
from dataclasses import asdict
from typing import Any

from sqlalchemy import select

from workshop_kit.league.event import PHASES, EventSettings
from workshop_kit.league.server.context import Context
from workshop_kit.league.statistics import noise
from workshop_kit.league.store.events import settings_of
from workshop_kit.league.store.schema import revisions
from workshop_kit.league.store.standings import Place, places, progress, rows
from workshop_kit.league.store.submissions import waiting
from workshop_kit.league.store.teams import name_key

PAGE = 100
LONGEST_PAGE = 500
WAITING_SHOWN = 20
CURVES = 10
_KEPT = 64


class Snapshots:
    """One per server."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._places: tuple[int, list[Place]] = (-1, [])
        self._kept: OrderedDict[tuple[Any, ...], bytes] = OrderedDict()

    def revisions(self) -> dict[str, int]:
        """Every topic's revision now."""
        with self._context.database.read() as connection:
            return dict(connection.execute(select(revisions.c.topic, revisions.c.number)).all())

    def standings(self, limit: int = PAGE, offset: int = 0, find: str = "") -> bytes:
        """A page of the standings as JSON; `find` a part of a team's name."""
        return self._made("standings", (limit, offset, name_key(find)), self._standings)

    def moving(self) -> bytes:
        """What changes with every verdict, as JSON: the event's phase and who is being judged."""
        return self._made("moving", (), self._moving)

    def progress(self) -> bytes:
        """How the best win rate of the first teams rose, as JSON."""
        return self._made("progress", (), self._progress)

    def place_of(self, team: str) -> tuple[Place | None, Place | None, int]:
        """A team's place, the leader's, and how many teams there are."""
        with self._lock:
            found = self._all_places()
        mine = next((place for place in found if place.team == team), None)
        return mine, found[0] if found else None, len(found)

    def _made(self, kind: str, what: tuple[Any, ...], make: Any) -> bytes:
        numbers = self.revisions()
        settings = self._settings()
        phase = settings.phase_at(self._context.clock())
        key = (kind, what, numbers.get("standings", 0), numbers.get("league", 0), phase)
        with self._lock:
            if key not in self._kept:
                self._kept[key] = json.dumps(make(*what, settings), ensure_ascii=False, allow_nan=False).encode()
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
            self._kept.move_to_end(key)
            return self._kept[key]

    def _settings(self) -> EventSettings:
        with self._context.database.read() as connection:
            return settings_of(connection)

    def _all_places(self) -> list[Place]:
        number = self.revisions().get("standings", 0)
        if self._places[0] != number:
            with self._context.database.read() as connection:
                self._places = (number, places(connection))
        return self._places[1]

    def _standings(self, limit: int, offset: int, find: str, settings: EventSettings) -> dict[str, Any]:
        found = self._all_places()
        wanted = [place for place in found if find in name_key(place.participant)] if find else found
        with self._context.database.read() as connection:
            page = rows(connection, wanted[offset : offset + limit])
        leader = found[0].win_rate if found else None
        return self._moving(settings) | {
            "rows": [asdict(row) | {"gap": leader - row.score.win_rate} for row in page],
            "offset": offset,
            "found": len(wanted),
            "teams": len(found),
            "standings_revision": self._places[0],
            "noise": noise(leader, page[0].score.questions) if page and leader is not None else "",
        }

    def _moving(self, settings: EventSettings) -> dict[str, Any]:
        now = self._context.clock()
        questions = {name: len(found) for name, found in self._context.questions.items()}
        with self._context.database.read() as connection:
            count, first = waiting(connection, WAITING_SHOWN)
        coming = settings.next_phase(now)
        phase = settings.phase_at(now)
        return {
            "domain": self._context.domain,
            "questions": questions["ranked"],
            "title": settings.title,
            "phase": phase,
            "phase_title": PHASES[phase].title,
            "next_phase": {"title": PHASES[coming.name].title, "starts": coming.starts} if coming else None,
            "ranked_open": settings.rules_at(now).ranked,
            "quota": settings.ranked_quota,
            "access": settings.access,
            "finalists": settings.finalists,
            "waiting": count,
            "under_way": [entry | {"questions": questions[entry["set"]]} for entry in first],
        }

    def _progress(self, settings: EventSettings) -> dict[str, Any]:
        first = self._all_places()[:CURVES]
        with self._context.database.read() as connection:
            risen = progress(connection, first)
        return {"teams": [{"participant": place.participant, "steps": risen[place.team]} for place in first]}
