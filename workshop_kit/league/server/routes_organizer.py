"""What the organizer may do. Everything that changes something is in the audit log."""

from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import StreamingResponse
from pydantic import Field
from sqlalchemy import select

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.event import settings_from
from workshop_kit.league.server.access import Access
from workshop_kit.league.server.bodies import Body, Id, Line, QuestionId, Text
from workshop_kit.league.server.context import Context
from workshop_kit.league.server.routes_team import judged_rows
from workshop_kit.league.store import appeals, scoring, submissions, teams, tokens, votes
from workshop_kit.league.store.audit import audit_log, note
from workshop_kit.league.store.database import bump
from workshop_kit.league.store.events import change_settings, settings_of
from workshop_kit.league.store.schema import tokens as token_table
from workshop_kit.league.store.tokens import Identity
from workshop_kit.league.store.transfer import export_lines

Outcome = Literal["win", "tie", "loss", "flip"]


class PhaseDate(Body):
    """A phase and when it begins, in seconds since 1970."""

    name: Literal["workshop", "virtual", "freeze", "finale"]
    starts: Annotated[float, Field(ge=0, le=1e11, allow_inf_nan=False)]


class Settings(Body):
    """The settings to change; those left out stay."""

    title: Text(0, 120) | None = None
    access: Literal["open", "codes"] | None = None
    phases: Annotated[list[PhaseDate], Field(max_length=8)] | None = None
    phase: Literal["", "workshop", "virtual", "freeze", "finale"] | None = None
    ranked_quota: Annotated[int, Field(ge=0, le=10_000)] | None = None  # 0: without limit
    judges: Annotated[list[Line(1, 200)], Field(max_length=5)] | None = None
    reference: Text(0, 200) | None = None
    reference_open_book: bool | Literal["auto"] | None = None  # "auto": for local AWS's untuned model alone
    open_models: bool | None = None
    bases: Annotated[list[Line(1, 200)], Field(max_length=20)] | None = None
    longest_system_prompt: Annotated[int, Field(ge=0, le=4000)] | None = None
    calls_per_second: Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)] | None = None  # 0: without limit
    questions_at_once: Annotated[int, Field(ge=1, le=64)] | None = None
    finalists: Annotated[int, Field(ge=1, le=20)] | None = None


class NewTeam(Body):
    """A team and, if they are known, its members."""

    name: Line(1, 60)
    members: Annotated[list[Line(1, 60)], Field(max_length=50)] = []


class NewToken(Body):
    """A token for an organizer or a judge of the finale; a name for the log."""

    role: Literal["organizer", "judge"]
    name: Line(1, 60)


class Shut(Body):
    """Whether a team is shut out."""

    disabled: bool


class Override(Body):
    """A human's word on one question, in the place of the judge's."""

    question: Line(1, 80)
    outcome: Outcome
    reason: Text(1, 1000)


class Vote(Body):
    """What a person finds, seeing both answers: does the candidate's win?"""

    question: Line(1, 80)
    outcome: Literal["win", "tie", "loss"]


class Withdraw(Body):
    """Why a question no longer counts."""

    reason: Text(1, 1000)


class Decision(Body):
    """The organizer's decision on an appeal."""

    decision: Literal["upheld", "dismissed"]
    answer: Text(1, 2000)


def routes(context: Context, access: Access) -> APIRouter:
    """The organizer's part of the API."""
    router = APIRouter(prefix="/api/organizer")
    database = context.database
    Organizer = Annotated[Identity, Depends(access.organizer)]
    Expert = Annotated[Identity, Depends(access.judge)]
    Limit = Annotated[int, Query(ge=1, le=1000)]

    def changed(value: Any) -> Any:
        context.changes.poke()
        return value

    @router.get("/settings")
    def get_settings(who: Organizer) -> dict[str, Any]:
        """The event's settings."""
        with database.read() as connection:
            return settings_of(connection).to_dict()

    @router.patch("/settings")
    def set_settings(body: Settings, who: Organizer) -> dict[str, Any]:
        """Change settings; those left out stay as they are."""
        told = body.model_dump(exclude_none=True)
        for name in ("ranked_quota", "calls_per_second"):
            if told.get(name) == 0:
                told[name] = None
        if told.get("reference_open_book") == "auto":
            told["reference_open_book"] = None
        with database.write() as connection:
            settings = settings_from(settings_of(connection, changing=True).to_dict() | told)
            return changed(change_settings(connection, settings, str(who)).to_dict())

    @router.get("/teams")
    def get_teams(who: Organizer) -> dict[str, Any]:
        """Every team with its members."""
        with database.read() as connection:
            found = teams.all_teams(connection)
            members = teams.members_by_team(connection)
        return {"teams": [asdict(team) | {"plays": team.plays, "members": members.get(team.id, [])} for team in found]}

    @router.post("/teams", status_code=201)
    def add_team(body: NewTeam, who: Organizer) -> dict[str, Any]:
        """Make a team and its join code, which is told this once. A team that is there already gets a new code."""
        with database.write() as connection:
            team, new = teams.found_team(connection, body.name, str(who))
            for member in body.members:
                teams.add_member(connection, team.id, member)
            code = tokens.new_code(connection, team.id)
            note(connection, str(who), "new code", team.id)
            bump(connection, "league")
        return changed({"team": team.name, "team_id": team.id, "new": new, "code": code})

    @router.post("/teams/{id}/disabled")
    def shut_out(id: Id, body: Shut, who: Organizer) -> dict[str, Any]:
        """Shut a team out or let it in again; its tokens work again when it is let in."""
        with database.write() as connection:
            teams.team(connection, id)
            teams.disable(connection, id, body.disabled, str(who))
            return changed(asdict(teams.team(connection, id)))

    @router.post("/code", status_code=201)
    def event_code(who: Organizer) -> dict[str, str]:
        """A new code with which anybody may found a team; the one before it stops working."""
        with database.write() as connection:
            note(connection, str(who), "new code", "event")
            return {"code": tokens.new_code(connection, None)}

    @router.get("/tokens")
    def get_tokens(who: Organizer) -> dict[str, Any]:
        """Who has tokens; never the tokens."""
        names = ("id", "role", "team", "name", "created", "revoked")
        with database.read() as connection:
            found = connection.execute(select(*(token_table.c[name] for name in names))).mappings()
            return {"tokens": [dict(row) for row in found]}

    @router.post("/tokens", status_code=201)
    def add_token(body: NewToken, who: Organizer) -> dict[str, str]:
        """A token for another organizer or a judge of the finale; it is told this once."""
        with database.write() as connection:
            note(connection, str(who), "new token", body.role, {"name": body.name})
            return {"token": tokens.issue(connection, body.role, None, body.name), "role": body.role}

    @router.delete("/tokens/{id}")
    def end_token(id: Id, who: Organizer) -> dict[str, int]:
        """Make a token useless."""
        with database.write() as connection:
            note(connection, str(who), "revoke token", id)
            return {"revoked": tokens.revoke(connection, token_id=id)}

    @router.get("/submissions")
    def get_submissions(
        who: Organizer,
        limit: Limit = 200,
        offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
        state: Literal["queued", "judging", "done", "failed"] | None = None,
        team: Annotated[str | None, Query(pattern=r"^[0-9A-Za-z_-]{1,40}$")] = None,
        newest: bool = False,
    ) -> dict[str, Any]:
        """Everybody's submissions, oldest first unless the newest are wanted; of one team or in one state perhaps."""
        only = {"team": team, "state": (state,) if state else (), "newest": newest}
        with database.read() as connection:
            found = submissions.entries(connection, limit=limit, offset=offset, **only)
            return {"submissions": [asdict(entry) for entry in found]}

    @router.get("/submissions/{id}/verdicts")
    def get_verdicts(id: Id, who: Organizer) -> dict[str, Any]:
        """A submission's questions, answers and verdicts, the hidden ones too, and what people said in their place."""
        with database.read() as connection:
            rows = judged_rows(context, connection, submissions.entry(connection, id))
            said, out = scoring.overrides_of(connection, id), scoring.withdrawn_questions(connection)
        return {"rows": [row | {"override": said.get(row["id"]), "withdrawn": row["id"] in out} for row in rows]}

    @router.post("/submissions/{id}/override")
    def override(id: Id, body: Override, who: Organizer) -> dict[str, Any]:
        """Put a human's outcome in the place of the judge's; the score follows at once."""
        with database.write() as connection:
            return changed(asdict(scoring.override(connection, id, body.question, body.outcome, body.reason, str(who))))

    @router.post("/submissions/{id}/rejudge", status_code=202)
    def rejudge(id: Id, who: Organizer) -> dict[str, Any]:
        """Queue a failed submission again, whatever the quota says."""
        with database.write() as connection:
            entry = submissions.retry(connection, id)
            note(connection, str(who), "rejudge", id)
        if entry.state == "queued":
            context.dispatch.add(entry.id)
        return changed(asdict(entry))

    @router.get("/submissions/{id}/pairs")
    def pairs(id: Id, who: Expert) -> dict[str, Any]:
        """A submission's answers beside the reference's without the judge's verdicts, for people to vote on."""
        with database.read() as connection:
            entry = submissions.entry(connection, id)
            if who.role == "judge" and entry.set == "ranked":
                # The finale may ask these questions, and an expert is a guest of that evening.
                raise LeagueProblem("Ranked questions are hidden from the finale's judges too.", status=403)
            rows = judged_rows(context, connection, entry)
        return {"rows": [{name: row[name] for name in row if name != "verdicts"} for row in rows]}

    @router.post("/submissions/{id}/votes")
    def vote(id: Id, body: Vote, who: Expert) -> dict[str, int]:
        """A person's own verdict, for the trust panel; a later one of the same person replaces it."""
        if body.question not in {question.id for found in context.questions.values() for question in found}:
            raise LeagueProblem("There is no question with this id.", status=404)
        with database.write() as connection:
            submissions.entry(connection, id)
            votes.vote(connection, id, body.question, who.token_id, body.outcome)
            return {"votes": votes.count(connection)}

    @router.get("/questions")
    def get_questions(who: Organizer) -> dict[str, Any]:
        """The ranked questions with what the judges told of them over all submissions."""
        with database.read() as connection:
            out, told = scoring.withdrawn_questions(connection), scoring.outcomes_by_question(connection)
        return {
            "questions": [
                {"id": q.id, "topic": q.topic, "question": q.question, "withdrawn": out.get(q.id)}
                | {name: told.get(q.id, {}).get(name, 0) for name in ("win", "tie", "loss", "flip")}
                for q in context.questions["ranked"]
            ]
        }

    @router.get("/withdrawn")
    def get_withdrawn(who: Organizer) -> dict[str, str]:
        """The questions that don't count, with the reason."""
        with database.read() as connection:
            return scoring.withdrawn_questions(connection)

    @router.post("/withdrawn/{question}")
    def withdraw(question: QuestionId, body: Withdraw, who: Organizer) -> dict[str, int]:
        """Take a question out of every score; all are counted anew."""
        with database.write() as connection:
            # A question that has left the domain's file is still counted in older scores.
            known = question in {found.id for found in context.questions["ranked"]}
            if not known and not scoring.was_judged(connection, question):
                raise LeagueProblem("There is no ranked question with this id.", status=404)
            return changed({"changed": scoring.withdraw(connection, question, body.reason, str(who))})

    @router.delete("/withdrawn/{question}")
    def restore(question: QuestionId, who: Organizer) -> dict[str, int]:
        """Let a question count again."""
        with database.write() as connection:
            return changed({"changed": scoring.restore(connection, question, str(who))})

    @router.get("/appeals")
    def get_appeals(who: Organizer) -> dict[str, Any]:
        """Every appeal, open ones first."""
        with database.read() as connection:
            return {"appeals": [asdict(found) for found in appeals.all_appeals(connection)]}

    @router.post("/appeals/{id}")
    def decide(id: Id, body: Decision, who: Organizer) -> dict[str, Any]:
        """Decide an appeal. Upholding changes no score by itself: override the questions it is about."""
        with database.write() as connection:
            return changed(asdict(appeals.decide(connection, id, body.decision, body.answer, str(who))))

    @router.get("/audit")
    def get_audit(
        who: Organizer, limit: Limit = 200, before: Annotated[int, Query(ge=1, le=2**31 - 1)] | None = None
    ) -> dict[str, Any]:
        """Who did what, newest first."""
        with database.read() as connection:
            return {"lines": audit_log(connection, limit=limit, before=before)}

    @router.get("/export", response_class=StreamingResponse)
    def export(who: Organizer) -> StreamingResponse:
        """The whole event as JSON Lines, which `workshop-kit league --import` reads. Tokens and codes stay behind."""
        with database.write() as connection:
            note(connection, str(who), "export", "event")
        lines = (line + "\n" for line in export_lines(database))
        return StreamingResponse(lines, media_type="application/x-ndjson")

    return router
