"""What a team may do: submit, look at its own submissions, choose its model for the finale, appeal.

In an open league submissions need no token: the name of whoever submits is in the body, and what they see is what the
standings show anyway.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from pydantic import Field

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.event import check_system
from workshop_kit.league.judging.tuned import refuse_untuned
from workshop_kit.league.opponent import opponent_from
from workshop_kit.league.server.access import Access, address
from workshop_kit.league.server.bodies import Body, Id, Line, Text
from workshop_kit.league.server.context import Context
from workshop_kit.league.server.snapshots import Snapshots
from workshop_kit.league.store import appeals, submissions, teams
from workshop_kit.league.store.events import settings_of
from workshop_kit.league.store.submissions import Entry
from workshop_kit.league.store.tokens import Identity

PROVENANCE_LENGTH = 40
WRITERS = 8
PROVED = ("tuned_from", "tuned_by")  # what the league itself finds out; nobody may claim it


class Endpoint(Body):
    """A SageMaker endpoint of the team's account; all teams may share the league's."""

    kind: Literal["sagemaker"]
    endpoint: Line(1, 2048)
    system: Text(0, 4000) = ""


class Bedrock(Body):
    """A Bedrock model, or the ARN of a custom model's deployment."""

    kind: Literal["bedrock"]
    model_id: Line(1, 2048)
    system: Text(0, 4000) = ""


class Artefact(Body):
    """The model of a training job; the league puts it behind an endpoint while it is judged."""

    kind: Literal["artefact"]
    training_job: Line(1, 63)
    system: Text(0, 4000) = ""


Target = Annotated[Endpoint | Bedrock | Artefact, Field(discriminator="kind")]


class Submit(Body):
    """A model to be judged. `key` is the same when one submission is sent again: it then acts once."""

    participant: Line(1, 60) | None = None
    target: Target
    key: Text(8, 200)
    provenance: dict[str, Any] = Field(default_factory=dict, max_length=PROVENANCE_LENGTH)
    set: Literal["ranked", "practice"] = "ranked"


class Choice(Body):
    """The submission that plays the finale."""

    submission: Line(1, 40)


class Appeal(Body):
    """Why a human should look again."""

    submission: Line(1, 40)
    text: Text(1, 2000)


def routes(context: Context, snapshots: Snapshots, access: Access) -> APIRouter:
    """The teams' part of the API."""
    router = APIRouter()
    database = context.database
    # A few threads do for a database that commits one by one; they cost less than the framework's forty, and while they
    # wait for a long write (a re-scoring) those that read do not.
    writers = ThreadPoolExecutor(WRITERS, "submitting")
    Player = Annotated[Identity | None, Depends(access.player)]
    Attendee = Annotated[Identity, Depends(access.attendee)]
    Asking = Annotated[Identity | None, Depends(access.optional)]
    Revisions = Annotated[dict[str, int], Depends(access.revisions)]

    def told(entry: Entry) -> dict[str, Any]:
        value = asdict(entry) | {"questions": len(context.questions[entry.set]), "judge": ", ".join(entry.judges)}
        how = opponent_from(value.pop("opponent"))
        value |= {"against": how.label(entry.reference), "reference_passages": how.passages}
        value.pop("team")
        return value

    def visible(who: Identity | None, entry: Entry) -> Entry:
        """The entry, if whoever asks may see it; otherwise as if it were not there."""
        if who is None:
            with database.read() as connection:
                if settings_of(connection).access == "open":
                    return entry
            raise LeagueProblem("This league needs a token; join with your code first.", status=401)
        if who.role != "organizer" and who.team != entry.team:
            raise LeagueProblem("There is no submission of your team with this id.", status=404)
        return entry

    def queue(body: Submit, who: Identity | None) -> Entry:
        with database.write() as connection:
            settings = settings_of(connection)
            rules = settings.rules_at(context.clock())
            if who and who.team:
                mine = who.team
                if body.participant:
                    _check_name(teams.team(connection, mine).name, body.participant)
            elif body.participant:
                mine = teams.named(connection, body.participant).id
            else:
                raise LeagueProblem("'participant' is missing; say under which name the model plays.")
            ranked = body.set == "ranked"
            check_system(body.target.system, settings.longest_system_prompt)
            if ranked and not settings.open_models:
                refuse_untuned(body.target.model_dump())
            shut = ranked and not rules.ranked
            entry = submissions.submit(
                connection,
                mine,
                set=body.set,
                target=body.target.model_dump(),
                provenance={name: value for name, value in body.provenance.items() if name not in PROVED},
                key=body.key,
                quota=settings.ranked_quota,
                closed=f"In the phase '{rules.title}' no ranked submissions are taken." if shut else "",
            )
        if entry.state == "queued":
            context.dispatch.add(entry.id)
        return entry

    @router.post("/api/submissions", status_code=202)
    async def submit(request: Request, body: Submit, who: Player) -> dict[str, Any]:
        """Queue a model; the answer comes when it is on disk."""
        context.limits.spend("submissions", who.team if who and who.team else f"{address(request)} {body.participant}")
        entry = await asyncio.get_running_loop().run_in_executor(writers, queue, body, who)
        context.changes.poke()
        return told(entry)

    @router.post("/api/submissions/{id}/retry", status_code=202)
    def retry(request: Request, id: Id, who: Player) -> dict[str, Any]:
        """Queue a failed submission again; the verdicts it has are kept."""
        context.limits.spend("writes", who.token_id if who else address(request))
        with database.write() as connection:
            found, settings = visible(who, submissions.entry(connection, id)), settings_of(connection)
            rules = settings.rules_at(context.clock())
            if found.state == "failed" and found.set == "ranked" and not rules.ranked:
                raise LeagueProblem(
                    f"In the phase '{rules.title}' no ranked submissions are taken; if the league was at fault, its "
                    "organizer can have this one judged again.",
                    status=409,
                )
            entry = submissions.retry(connection, id, settings.ranked_quota, sent_again=True)
        if entry.state == "queued":
            context.dispatch.add(entry.id)
        context.changes.poke()
        return told(entry)

    @router.get("/api/submissions")
    def mine(
        who: Attendee,
        limit: Annotated[int, Query(ge=1, le=500)] = 100,
        before: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
    ) -> dict[str, Any]:
        """The team's newest submissions but for the last `before`, the oldest of them first."""
        with database.read() as connection:
            found = submissions.entries(connection, team=who.team, limit=limit, offset=before, newest=True)
        return {"submissions": [told(entry) for entry in reversed(found)]}

    @router.get("/api/submissions/{id}")
    def submission(id: Id, who: Asking) -> dict[str, Any]:
        """A submission's state, progress and score."""
        with database.read() as connection:
            return told(visible(who, submissions.entry(connection, id)))

    @router.get("/api/submissions/{id}/verdicts")
    def verdicts(id: Id, who: Asking) -> dict[str, Any]:
        """Every question, answer and verdict of a practice submission. Those of a ranked one stay hidden."""
        with database.read() as connection:
            entry = visible(who, submissions.entry(connection, id))
            if entry.set != "practice":
                raise LeagueProblem(
                    "The questions of ranked submissions are hidden; look at a practice one.", status=403
                )
            return {"rows": judged_rows(context, connection, entry)}

    @router.get("/api/me")
    async def me(who: Attendee, numbers: Revisions) -> dict[str, Any]:
        """The team: its place, the gap to the leader, what is left of its quota, its model for the finale."""
        settings = await snapshots.settings(numbers)

        def read() -> Any:
            with database.read() as connection:
                place = snapshots.place_of(connection, who.team or "", numbers)
                return (
                    *place,
                    *teams.team_and_used(connection, who.team or ""),
                    teams.members_of(connection, who.team or ""),
                )

        place, leader, count, mine, spent, members = await asyncio.to_thread(read)
        quota = settings.ranked_quota
        return {
            "team": mine.name,
            "team_id": mine.id,
            "members": members,
            "name": who.name,
            "place": place.place if place else None,
            "rank": place.rank if place else None,
            "teams": count,
            "win_rate": place.win_rate if place else None,
            "gap": leader.win_rate - place.win_rate if place and leader else None,
            "used": spent,
            "left": None if quota is None else max(0, quota - spent),
            "best": mine.best,
            "chosen": mine.frozen,
            "plays": mine.plays,
        }

    @router.post("/api/me/choice")
    def choose(body: Choice, who: Attendee) -> dict[str, Any]:
        """Choose the model that plays the finale; until then the best one does."""
        context.limits.spend("writes", who.token_id)
        with database.write() as connection:
            rules = settings_of(connection).rules_at(context.clock())
            if not rules.choose:
                raise LeagueProblem(f"In the phase '{rules.title}' the models are fixed.", status=409)
            mine = teams.choose(connection, who.team or "", body.submission, str(who))
        context.changes.poke()
        return {"team": mine.name, "chosen": mine.frozen, "plays": mine.plays}

    @router.post("/api/appeals", status_code=201)
    def appeal(body: Appeal, who: Attendee) -> dict[str, Any]:
        """Ask the organizer to look at a submission again."""
        context.limits.spend("writes", who.token_id)
        with database.write() as connection:
            return asdict(appeals.appeal(connection, who.team or "", body.submission, body.text))

    @router.get("/api/appeals")
    def my_appeals(who: Attendee) -> dict[str, Any]:
        """The team's own appeals with the organizer's answers."""
        with database.read() as connection:
            return {"appeals": [asdict(found) for found in appeals.all_appeals(connection, who.team)]}

    return router


def _check_name(mine: str, told: str) -> None:
    if teams.name_key(told) != teams.name_key(mine):
        raise LeagueProblem(f"Your token is of the team {mine}, not of {told}.", status=403)


def judged_rows(context: Context, connection: Any, entry: Entry) -> list[dict[str, Any]]:
    """A submission's questions with its answers, the reference's and the verdicts. Not for another team's eyes, and
    for a ranked submission only for the organizer's."""
    from workshop_kit.league.store.references import reference_answer

    how = opponent_from(entry.opponent)
    said = submissions.answers_of(connection, entry.id)
    by_question: dict[str, list[dict[str, Any]]] = {}
    for verdict in submissions.verdicts_of(connection, entry.id):
        by_question.setdefault(verdict.question, []).append(asdict(verdict))
    rows = []
    for question in context.questions[entry.set]:
        if question.id not in by_question:
            continue
        against = reference_answer(connection, entry.reference, how.key(question.question))
        answer = said.get(question.id)
        rows.append(
            {
                "id": question.id,
                "topic": question.topic,
                "question": question.question,
                "answer": answer.text if answer else "",
                "reference_answer": against.text if against else "",
                "handbook": question.reference_answer,
                "verdicts": by_question[question.id],
            }
        )
    return rows
