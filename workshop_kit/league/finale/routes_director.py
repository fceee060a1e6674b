"""What the director of a finale may do; everything is in the audit log."""

import secrets
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from sqlalchemy import Connection, select

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.finale import bodies, views
from workshop_kit.league.finale import commands as do
from workshop_kit.league.finale.engine import at
from workshop_kit.league.finale.making import contestants_of, questions_of
from workshop_kit.league.finale.scoring import Weights
from workshop_kit.league.finale.state import FinaleSettings
from workshop_kit.league.finale.store import FinaleStore
from workshop_kit.league.finale.streams import stream
from workshop_kit.league.server.access import Access
from workshop_kit.league.server.context import Context
from workshop_kit.league.store import schema, tokens
from workshop_kit.league.store.audit import note
from workshop_kit.league.store.teams import name_key
from workshop_kit.league.store.tokens import Identity

LOOK = 1.0  # how often the count of votes is looked at, in seconds


def routes(context: Context, store: FinaleStore, access: Access, changed: Callable[[], None]) -> APIRouter:
    """The director's part of the API."""
    router = APIRouter()
    Director = Annotated[Identity, Depends(access.organizer)]

    def view() -> dict[str, Any]:
        state, now = store.current(), store.now()
        shown = at(state, now).shown
        votes = store.votes_received(state.id, shown.number, shown.opening) if shown else 0
        return views.director(state, now, votes)

    def act(command: Any, who: Identity, key: str | None) -> dict[str, Any]:
        store.act(command, str(who), key=key or "")
        changed()
        return view()

    @router.post("/api/finale", status_code=201)
    def create(body: bodies.NewFinale, who: Director) -> dict[str, Any]:
        """Make a finale; it is the current one from now on."""
        seed = secrets.token_hex(16)
        settings = FinaleSettings(
            body.title, body.seconds, body.grace, Weights(**body.weights.model_dump()), body.judge, seed,
            body.rehearsal, body.public_url,
        )  # fmt: skip
        questions = questions_of(context, body, seed)
        store.create(
            lambda connection: do.Create(settings, contestants_of(connection, body, str(who)), questions),
            str(who),
            instead=body.instead,
        )
        changed()
        return view()

    @router.get("/api/finale/director/finales")
    def get_finales(who: Director) -> dict[str, Any]:
        """Every finale that was made, the current one first."""
        return {"finales": [views.listed(state, made) for state, made in store.all()]}

    @router.post("/api/finale/director/current")
    def make_current(body: bodies.Current, who: Director) -> dict[str, Any]:
        """An earlier finale is the current one again, as it was left."""
        store.make_current(body.finale, str(who), instead=body.instead)
        changed()
        return view()

    @router.get("/api/finale/director")
    def get_view(who: Director) -> dict[str, Any]:
        """The console: every question, who has answered, how many have voted, what may be done now."""
        return view()

    @router.get("/api/finale/director/stream", response_class=StreamingResponse)
    async def watch(who: Director) -> StreamingResponse:
        """What /api/finale/director gives, whenever it changes."""
        return stream(context, who, view, look=LOOK)

    @router.post("/api/finale/director/seats", status_code=201)
    def seat(body: bodies.Seat, who: Director) -> dict[str, Any]:
        """A token for a contestant's or an expert's page; it is told this once.

        An expert's earlier ones, which are lost or in other hands, are good no more: `replaced` is how many.
        """
        state, replaced = store.current(), 0
        with context.database.write() as connection:
            if body.role == "expert":
                replaced = _revoke_experts(connection, body.name)
                token = tokens.issue(connection, "judge", None, body.name)
            else:
                found = next((c for c in state.contestants if c.name == body.name), None)
                if found is None:
                    raise LeagueProblem("No contestant of this finale has this name.", status=404)
                token = tokens.issue(connection, "attendee", found.team, body.name)
            note(connection, str(who), "new token", body.role, {"name": body.name})
            known = tokens.identify(connection, token)
        told = {"token": token, "token_id": known.token_id if known else "", "role": body.role, "name": body.name}
        return told | {"replaced": replaced}

    @router.post("/api/finale/director/open")
    def open_round(body: bodies.Start, who: Director) -> dict[str, Any]:
        """Show a round's question and start its countdown."""
        return act(do.Open(body.round, body.seconds), who, body.key)

    @router.post("/api/finale/director/pause")
    def pause(body: bodies.Action, who: Director) -> dict[str, Any]:
        """Stop the countdown."""
        return act(do.Pause(body.round), who, body.key)

    @router.post("/api/finale/director/resume")
    def resume(body: bodies.Action, who: Director) -> dict[str, Any]:
        """Let the countdown run on."""
        return act(do.Resume(body.round), who, body.key)

    @router.post("/api/finale/director/extend")
    def extend(body: bodies.More, who: Director) -> dict[str, Any]:
        """Give more time."""
        return act(do.Extend(body.round, body.seconds), who, body.key)

    @router.post("/api/finale/director/close")
    def close(body: bodies.Action, who: Director) -> dict[str, Any]:
        """End the countdown before its time."""
        return act(do.Close(body.round), who, body.key)

    @router.post("/api/finale/director/skip")
    def skip(body: bodies.Because, who: Director) -> dict[str, Any]:
        """Leave a round out."""
        return act(do.Skip(body.round, body.reason), who, body.key)

    @router.post("/api/finale/director/reopen")
    def reopen(body: bodies.Again, who: Director) -> dict[str, Any]:
        """Run a round again with new time; answers stay, votes and scores go."""
        return act(do.Reopen(body.round, body.reason, body.seconds), who, body.key)

    @router.post("/api/finale/director/start_voting")
    def start_voting(body: bodies.Action, who: Director) -> dict[str, Any]:
        """Show the answers under letters, to vote and to score."""
        return act(do.StartVoting(body.round), who, body.key)

    @router.post("/api/finale/director/close_voting")
    def close_voting(body: bodies.Action, who: Director) -> dict[str, Any]:
        """Fix votes and scores."""
        store.close_voting(body.round, str(who), key=body.key or "")
        changed()
        return view()

    @router.post("/api/finale/director/reveal")
    def reveal(body: bodies.RevealBody, who: Director) -> dict[str, Any]:
        """Show one more step of the result."""
        return act(do.Reveal(body.round, body.step), who, body.key)

    @router.post("/api/finale/director/override")
    def override(body: bodies.OverrideBody, who: Director) -> dict[str, Any]:
        """Put a human's score in the place of the LLM judge's."""
        return act(do.OverrideJudge(body.round, body.letter, body.score, body.reason, str(who)), who, body.key)

    @router.post("/api/finale/director/leave_out")
    def leave_out(body: bodies.LeaveOutBody, who: Director) -> dict[str, Any]:
        """Let a part not count in this round, or count again."""
        return act(do.LeaveOut(body.round, body.part, body.reason, body.out), who, body.key)

    @router.post("/api/finale/director/judge_again")
    def judge_again(body: bodies.Action, who: Director) -> dict[str, Any]:
        """Ask the LLM judge again where it failed."""
        return act(do.JudgeAgain(body.round), who, body.key)

    @router.post("/api/finale/director/question")
    def set_question(body: bodies.SetQuestionBody, who: Director) -> dict[str, Any]:
        """Another question for a round that waits, or a round more."""
        question = do.question_from(body.question.model_dump())
        return act(do.SetQuestion(body.round, question), who, body.key)

    @router.post("/api/finale/director/weights")
    def set_weights(body: bodies.SetWeightsBody, who: Director) -> dict[str, Any]:
        """Other weights, until the first score is shown."""
        return act(do.SetWeights(Weights(**body.weights.model_dump())), who, body.key)

    @router.post("/api/finale/director/address")
    def set_address(body: bodies.AddressBody, who: Director) -> dict[str, Any]:
        """Where the audience's phones find the league."""
        return act(do.SetAddress(body.public_url), who, body.key)

    return router


def _revoke_experts(connection: Connection, name: str) -> int:
    """Make the tokens useless that an expert of this name has; gives how many."""
    query = select(schema.tokens.c.id, schema.tokens.c.name).where(
        schema.tokens.c.role == "judge", schema.tokens.c.revoked.is_(False)
    )
    found = [row.id for row in connection.execute(query) if name_key(row.name) == name_key(name)]
    return sum(tokens.revoke(connection, token_id=id) for id in found)
