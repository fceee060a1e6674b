"""The event that a database holds: its domain and its settings."""

from __future__ import annotations

import time

from sqlalchemy import Connection, select, update

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.event import EventSettings, settings_from
from workshop_kit.league.store.audit import note
from workshop_kit.league.store.database import bump
from workshop_kit.league.store.schema import event
from workshop_kit.league.store.sql import insert_once

_SETTINGS = select(event.c.settings)


def open_event(connection: Connection, domain: str, settings: EventSettings | None = None) -> EventSettings:
    """The event's settings; the event is made, with `settings`, if the database has none.

    Raises LeagueProblem when the database holds an event on another domain.
    """
    insert_once(
        connection,
        event,
        id=1,
        domain=domain,
        settings=(settings or EventSettings()).to_dict(),
        created=time.time(),
    )
    found = connection.execute(select(event.c.domain)).scalar_one()
    if found != domain:
        raise LeagueProblem(
            f"This league's database holds an event on '{found}', not on '{domain}'; give each event its own database."
        )
    return settings_of(connection)


def settings_of(connection: Connection, *, changing: bool = False) -> EventSettings:
    """The settings as they are now; for `changing` them nobody else may, until this transaction ends."""
    return settings_from(connection.execute(_SETTINGS.with_for_update() if changing else _SETTINGS).scalar_one())


def change_settings(connection: Connection, settings: EventSettings, who: str) -> EventSettings:
    """Keep new settings, with the change in the audit log."""
    before = connection.execute(select(event.c.settings)).scalar_one()
    after = settings.to_dict()
    changed = {name: [before.get(name), value] for name, value in after.items() if before.get(name) != value}
    connection.execute(update(event).values(settings=after))
    note(connection, who, "settings", "event", changed)
    bump(connection, "league")
    return settings
