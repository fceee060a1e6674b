"""The standings as bytes, made once for everybody who asks before they change.

Two parts that change at different times are kept apart: what moves with every submission and verdict, which is small,
and a page's rows, which change only when somebody's score does.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import asdict
from math import inf
from typing import Any

from sqlalchemy import Connection, select

from workshop_kit.league.event import PHASES, EventSettings
from workshop_kit.league.server.context import Context
from workshop_kit.league.statistics import noise
from workshop_kit.league.store.database import summed
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
# What moves, as JSON, the settings it was made with, and when the clock makes it another.
Moving = tuple[bytes, EventSettings, float]
# The revision, every place, and the same by team.
Places = tuple[int, list[Place], dict[str, Place]]


class Snapshots:
    """One per server."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._lock = threading.Lock()
        self._places: Places = (-1, [], {})
        self._kept: OrderedDict[tuple[Any, ...], asyncio.Task[Any]] = OrderedDict()

    async def standings(self, limit: int = PAGE, offset: int = 0, find: str = "") -> bytes:
        """A page of the standings as JSON; `find` a part of a team's name."""
        numbers = await self._context.changes.fresh()
        moving, _, _ = await self._moving_now(numbers)
        page = await self._once(("page", numbers.get("standings", 0), limit, offset, name_key(find)), self._page)
        return moving[:-1] + b", " + page[1:]

    async def moving(self) -> bytes:
        """What changes with every verdict, as JSON: the event's phase and who is being judged."""
        return (await self._moving_now(await self._context.changes.fresh()))[0]

    async def event(self) -> tuple[dict[str, Any], EventSettings]:
        """What `moving` tells, as an object of its own, and the event's settings."""
        moving, settings, _ = await self._moving_now(await self._context.changes.fresh())
        return json.loads(moving), settings

    async def progress(self) -> bytes:
        """How the best win rate of the first teams rose, as JSON."""
        numbers = await self._context.changes.fresh()
        return await self._once(("progress", numbers.get("standings", 0)), self._progress)

    def places(self, connection: Connection) -> list[Place]:
        """Every team's place, best first."""
        return self._all_places(connection)[1]

    def place_of(
        self, connection: Connection, team: str, numbers: dict[str, int]
    ) -> tuple[Place | None, Place | None, int]:
        """A team's place, the leader's, and how many teams there are, not older than the revisions `numbers`."""
        _, found, by_team = self._all_places(connection, numbers.get("standings", 0))
        return by_team.get(team), found[0] if found else None, len(found)

    async def settings(self, numbers: dict[str, int]) -> EventSettings:
        """The event's settings, not older than the revisions `numbers`."""
        return (await self._moving_now(numbers))[1]

    async def _moving_now(self, numbers: dict[str, int]) -> Moving:
        key = ("moving", numbers.get("league", 0))
        made: Moving = await self._once(key, self._moving)
        if self._context.clock() >= made[2]:
            self._kept.pop(key, None)
            made = await self._once(key, self._moving)
        return made

    async def _once(self, key: tuple[Any, ...], make: Callable[..., Any]) -> Any:
        """What `make` gives for the parts of the key after the revision, in a thread, once for all who ask."""
        task = self._kept.get(key)
        if task is None or (task.done() and (task.cancelled() or task.exception())):
            task = self._kept[key] = asyncio.create_task(asyncio.to_thread(make, *key[2:]))
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        return await asyncio.shield(task)

    def _all_places(
        self, connection: Connection, wanted: int | None = None
    ) -> tuple[int, list[Place], dict[str, Place]]:
        if wanted is not None and self._places[0] >= wanted:
            return self._places
        query = select(revisions.c.topic, revisions.c.number).where(revisions.c.topic.like("standings%"))
        number = summed(dict(connection.execute(query).all())).get("standings", 0)
        with self._lock:
            if self._places[0] < number:
                found = places(connection)
                self._places = (number, found, {place.team: place for place in found})
            return self._places

    def _page(self, limit: int, offset: int, find: str) -> bytes:
        with self._context.database.read() as connection:
            number, found, _ = self._all_places(connection)
            wanted = [place for place in found if find in name_key(place.participant)] if find else found
            page = rows(connection, wanted[offset : offset + limit])
        leader = found[0].win_rate if found else None
        return _json(
            {
                "rows": [asdict(row) | {"gap": leader - row.score.win_rate} for row in page],
                "offset": offset,
                "found": len(wanted),
                "teams": len(found),
                "standings_revision": number,
                # All questions may have been withdrawn.
                "noise": noise(leader, page[0].score.questions) if page and page[0].score.questions else "",
            }
        )

    def _moving(self) -> Moving:
        now = self._context.clock()
        questions = {name: len(found) for name, found in self._context.questions.items()}
        with self._context.database.read() as connection:
            settings = settings_of(connection)
            count, first = waiting(connection, WAITING_SHOWN)
        coming = settings.next_phase(now)
        phase = settings.phase_at(now)
        told = {
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
        return _json(told), settings, coming.starts if coming else inf

    def _progress(self) -> bytes:
        with self._context.database.read() as connection:
            first = self._all_places(connection)[1][:CURVES]
            risen = progress(connection, first)
        return _json({"teams": [{"participant": place.participant, "steps": risen[place.team]} for place in first]})


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
