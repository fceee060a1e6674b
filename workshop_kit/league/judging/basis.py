"""What an event is judged by: prompts and questions, which every host reads from its own disk and which must be equal.

The server says it when it starts, in the audit log; the last such line holds. A worker with others judges nothing.
"""

from __future__ import annotations

import logging
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from sqlalchemy import Connection, select

from workshop_kit.domains import Question
from workshop_kit.errors import LeagueProblem
from workshop_kit.league.judge import JudgeSettings
from workshop_kit.league.store.audit import note
from workshop_kit.league.store.schema import audit
from workshop_kit.records import content_id

log = logging.getLogger(__name__)
ACTION = "judge by"
_LAST = select(audit.c.who, audit.c.detail).where(audit.c.action == ACTION).order_by(audit.c.id.desc()).limit(1)


class OtherBasis(LeagueProblem):
    """This process would judge by other prompts or questions than the event."""


@dataclass(frozen=True)
class Basis:
    """The id of the prompts, a hash of the questions, the judges that the prompts' options name, and a hash of the
    handbook that the reference may be shown."""

    prompts: str
    questions: str
    judges: tuple[str, ...] = ()
    handbook: str = ""

    @classmethod
    def of(cls, settings: JudgeSettings, questions: Mapping[str, Sequence[Question]], handbook: str = "") -> Basis:
        """The basis of whoever judges by these."""
        told = {name: [asdict(question) for question in found] for name, found in questions.items()}
        return cls(settings.id, content_id(told), settings.judges, handbook)


def judge_by(connection: Connection, mine: Basis, *, own: bool, alone: bool) -> None:
    """Have the event judged by a server's prompts and questions from now on.

    `own` says that its prompts are an organizer's. A server with the shipped ones does not put them in the place of an
    organizer's unless it is `alone`: on another host it lacks their folder.
    """
    row = connection.execute(_LAST).one_or_none()
    if row is not None:
        theirs = _basis(row.detail)
        if theirs == mine:
            return
        if row.detail["own"] and not own and not alone and theirs.prompts != mine.prompts:
            log.error("%s", _problem(mine, theirs, row.who))
            return
    who = f"the server on {socket.gethostname()}"
    note(connection, who, ACTION, "event", asdict(mine) | {"judges": list(mine.judges), "own": own})


def check_basis(connection: Connection, mine: Basis) -> None:
    """Raise OtherBasis when the event is judged by other prompts or questions."""
    row = connection.execute(_LAST).one_or_none()
    if row is not None and (theirs := _basis(row.detail)) != mine:
        raise OtherBasis(_problem(mine, theirs, row.who), status=409)


def _basis(detail: dict[str, object]) -> Basis:
    return Basis(
        str(detail["prompts"]), str(detail["questions"]), tuple(detail["judges"]), str(detail.get("handbook", ""))
    )  # type: ignore[arg-type]


def _problem(mine: Basis, theirs: Basis, who: str) -> str:
    what, folder = "prompts", "its workspace's folder league/judge"
    if mine.questions != theirs.questions:
        what, folder = "questions", "its domain's folder"
    elif mine.handbook != theirs.handbook:
        what, folder = "handbook passages", "its domain's folder"
    return (
        f"This process would judge by other {what} than {who}, by which the event is judged; copy {folder} from there "
        "and start this one again."
    )
