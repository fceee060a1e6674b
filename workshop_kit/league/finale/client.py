"""The finale from Python: every page of it as plain calls.

    director = Director(url, organizer_token)
    director.create(contestants=[...], questions=[...])
    director.open(1)
    Seat(url, token).generate("Answer in one sentence.", temperature=0.3)

Each call gives a FinaleView, which shows itself in a notebook, or a GenerationView. A call whose answer got lost on the
way is sent again and acts once.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

import requests

from workshop_kit.domains import Question
from workshop_kit.errors import BadInput, LeagueProblem
from workshop_kit.league.client.talking import TIMEOUT, call
from workshop_kit.league.finale.devices import COOKIE
from workshop_kit.league.finale.values import FinaleView, GenerationView, generation_from


class Stage:
    """What everybody sees."""

    def __init__(self, url: str, token: str = "") -> None:
        self.url, self._token = url.rstrip("/"), token

    def view(self) -> FinaleView:
        """The finale now. Raises LeagueProblem when there is none."""
        return self._view("GET", self._own_path())

    def clock(self) -> float:
        """The server's time, in seconds since 1970."""
        return float(self._call("GET", "/clock")["now"])

    def wait_for(self, *phases: str, timeout: float = 120.0, settled: bool = False) -> FinaleView:
        """Look until the round is in one of the phases (and settled); raises LeagueProblem after `timeout` seconds."""
        until = time.monotonic() + timeout
        while True:
            found = self.view()
            if found.phase in phases and (not settled or found.told["round"]["settled"]):
                return found
            if time.monotonic() > until:
                raise LeagueProblem(f"After {timeout:.0f} s round {found.round} is still {found.phase}; ask again.")
            time.sleep(0.1)

    def _own_path(self) -> str:
        return ""

    def _call(self, method: str, path: str, body: Mapping[str, Any] | None = None, **options: Any) -> Any:
        if body is not None:
            options["json"] = body
        return call(method, f"{self.url}/api/finale{path}", token=self._token or None, **options)

    def _view(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> FinaleView:
        told = self._call(method, path, body)
        if told.get("finale") is None:
            raise LeagueProblem("There is no finale yet; the organizer makes one.", status=404)
        return FinaleView(told)


class Director(Stage):
    """What the organizer may do."""

    def __init__(self, url: str, token: str) -> None:
        super().__init__(url, token)
        self._let_in: list[str] = []

    def _own_path(self) -> str:
        return "/director"

    def create(
        self,
        *,
        contestants: Iterable[tuple[str, Any]] | None = None,
        questions: Iterable[Question | Mapping[str, Any]] | None = None,
        weights: Mapping[str, float] | None = None,
        **settings: Any,
    ) -> FinaleView:
        """Make a finale; it is the current one from now on.

        `contestants` are (team, endpoint's name or Bedrock model id); without any, the first of the standings play.
        `questions` are of your own; without any, `rounds` are drawn (`draw_from` "ranked" or "practice"). Further
        `settings`: title, seconds, grace, judge, rehearsal, public_url, and `instead` to take the place of a finale
        that was begun and is not over. The one before it can be made the current one again (`finales`, `make_current`).
        """
        body: dict[str, Any] = dict(settings)
        if contestants is not None:
            body["contestants"] = [{"name": name, "target": _target(target)} for name, target in contestants]
        if questions is not None:
            body["questions"] = [_question(question) for question in questions]
        if weights is not None:
            body["weights"] = dict(weights)
        return self._view("POST", "", body)

    def finales(self) -> list[dict[str, Any]]:
        """Every finale that was made, the current one first: its id as `finale`, title, made, rounds, over and more."""
        return list(self._call("GET", "/director/finales")["finales"])

    def make_current(self, finale: str, *, instead: bool = False) -> FinaleView:
        """An earlier finale, by its id, is the current one again, as it was left.

        `instead` takes the place of one that was begun and is not over.
        """
        return self._view("POST", "/director/current", {"finale": finale, "instead": instead})

    def seat(self, name: str, *, expert: bool = False) -> str:
        """A token for a contestant's page (by the team's name) or an expert's; it is told this once."""
        body = {"role": "expert" if expert else "contestant", "name": name}
        told = self._call("POST", "/director/seats", body)
        self._let_in.append(told["token_id"])
        return told["token"]

    def dismiss(self) -> int:
        """Make every token useless that this object's `seat` gave; gives how many."""
        gone, self._let_in = self._let_in, []
        for id in gone:
            call("DELETE", f"{self.url}/api/organizer/tokens/{id}", token=self._token)
        return len(gone)

    def question(self, round: int, question: Question | Mapping[str, Any]) -> FinaleView:
        """Another question for a round that waits; the number after the last adds a round."""
        return self._act("question", round, question=_question(question))

    def weights(self, llm: float, experts: float, audience: float) -> FinaleView:
        """Other weights, until the first score is shown."""
        body = {"weights": {"llm": llm, "experts": experts, "audience": audience}, "key": _key()}
        return self._view("POST", "/director/weights", body)

    def open(self, round: int, seconds: float | None = None) -> FinaleView:
        """Show the round's question and start its countdown."""
        return self._act("open", round, **({} if seconds is None else {"seconds": seconds}))

    def pause(self, round: int) -> FinaleView:
        """Stop the countdown."""
        return self._act("pause", round)

    def resume(self, round: int) -> FinaleView:
        """Let the countdown run on."""
        return self._act("resume", round)

    def extend(self, round: int, seconds: float) -> FinaleView:
        """Give more time."""
        return self._act("extend", round, seconds=seconds)

    def close(self, round: int) -> FinaleView:
        """End the countdown before its time."""
        return self._act("close", round)

    def skip(self, round: int, reason: str) -> FinaleView:
        """Leave the round out."""
        return self._act("skip", round, reason=reason)

    def reopen(self, round: int, reason: str, seconds: float | None = None) -> FinaleView:
        """Run the round again with new time; answers stay, votes and scores go."""
        return self._act("reopen", round, reason=reason, **({} if seconds is None else {"seconds": seconds}))

    def start_voting(self, round: int) -> FinaleView:
        """Show the answers under letters, to vote and to score."""
        return self._act("start_voting", round)

    def close_voting(self, round: int) -> FinaleView:
        """Fix votes and scores."""
        return self._act("close_voting", round)

    def reveal(self, round: int, step: int) -> FinaleView:
        """Show the next step of the result: 1 LLM judge, 2 experts, 3 audience, 4 names and points."""
        return self._act("reveal", round, step=step)

    def override(self, round: int, letter: str, score: float, reason: str) -> FinaleView:
        """A human's score from 0 to 10 in the place of the LLM judge's."""
        return self._act("override", round, letter=letter, score=score, reason=reason)

    def leave_out(self, round: int, part: str, reason: str = "", *, out: bool = True) -> FinaleView:
        """Let "llm", "experts" or "audience" not count in the round, or (`out` False) count again."""
        return self._act("leave_out", round, part=part, reason=reason, out=out)

    def judge_again(self, round: int) -> FinaleView:
        """Ask the LLM judge again where it failed."""
        return self._act("judge_again", round)

    def wait_for_judge(self, timeout: float = 300.0) -> FinaleView:
        """Look until the LLM judge has had its say on every answer; raises LeagueProblem after `timeout` seconds."""
        until = time.monotonic() + timeout
        while True:
            found = self.view()
            judged = found.told["judged"]
            if found.told["round"]["settled"] and judged["done"] + judged["failed"] == judged["of"]:
                return found
            if time.monotonic() > until:
                raise LeagueProblem(
                    f"After {timeout:.0f} s the judge has scored {judged['done']} of {judged['of']} answers."
                )
            time.sleep(0.1)

    def _act(self, action: str, round: int, **more: Any) -> FinaleView:
        return self._view("POST", f"/director/{action}", {"round": round, "key": _key(), **more})


class Seat(Stage):
    """A contestant's desk."""

    def _own_path(self) -> str:
        return "/contestant"

    def generate(
        self,
        system: str = "",
        *,
        temperature: float = 0.0,
        top_p: float = 1.0,
        round: int | None = None,
        key: str | None = None,
        wait: bool = True,
    ) -> GenerationView:
        """Ask your model; waits for its answer unless told otherwise. `key` is the same when one request is repeated.

        Raises LeagueProblem when the round does not run, for one because time is up.
        """
        number = self.view().round if round is None else round
        body = {"round": number, "key": key or _key(), "system": system, "temperature": temperature, "top_p": top_p}
        told = self._call("POST", "/contestant/generations", body)
        pause = 0.03  # a small model answers at once, a cold endpoint takes its time
        while wait and told["state"] == "asked":
            time.sleep(pause)
            pause = min(0.5, 1.3 * pause)
            told = self._call("GET", f"/contestant/generations/{told['id']}")
        return generation_from(told, number)

    def choose(self, generation: GenerationView | str, *, round: int | None = None) -> FinaleView:
        """Pick the answer that counts."""
        number = round or (generation.round if isinstance(generation, GenerationView) else self.view().round)
        id = generation if isinstance(generation, str) else generation.id
        return self._view("PUT", "/contestant/choice", {"round": number, "generation": id})


class Expert(Stage):
    """An expert's sheet."""

    def _own_path(self) -> str:
        return "/judge"

    def score(self, letter: str, score: float, note: str = "", *, round: int | None = None) -> FinaleView:
        """Score an answer from 0 to 10 in halves."""
        number = self.view().round if round is None else round
        return self._view("PUT", "/judge/score", {"round": number, "letter": letter, "score": score, "note": note})


class Audience(Stage):
    """One device of the audience. It stays the same device as long as this object lives."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._cookies: dict[str, str] = {}

    def vote(self, letter: str, *, round: int | None = None) -> str:
        """Vote; a later vote replaces it until the vote is closed. Gives the letter voted for."""
        number = self.view().round if round is None else round
        self._be_a_device()
        return self._call("PUT", "/ballot", {"round": number, "letter": letter}, cookies=self._cookies)["letter"]

    def my_vote(self) -> str | None:
        """What this device votes for in the round that is shown."""
        return self._call("GET", "/ballot", cookies=self._cookies)["letter"]

    def _be_a_device(self) -> None:
        if self._cookies:
            return
        try:
            reply = requests.post(f"{self.url}/api/finale/device", timeout=TIMEOUT)
        except requests.RequestException as problem:
            raise LeagueProblem(
                f"The league at {self.url} can't be reached ({type(problem).__name__}); ask its host."
            ) from None
        found = reply.cookies.get(COOKIE)
        if not found and reply.status_code == 404:
            raise LeagueProblem("The league knows no finale to vote in; wait until there is one.", status=404)
        if not found:
            refusal = f"The league gave this device no vote (status {reply.status_code}); try again in a minute."
            with suppress(ValueError, KeyError, TypeError):
                refusal = str(reply.json()["error"]["message"])
            raise LeagueProblem(refusal, status=reply.status_code)
        self._cookies = {COOKIE: found}


def _key() -> str:
    return uuid.uuid4().hex


def _target(target: Any) -> dict[str, Any]:
    """What the league asks, from an endpoint of the playground, an endpoint's name, or a Bedrock id or ARN."""
    if isinstance(target, Mapping):
        return dict(target)
    name = target if isinstance(target, str) else getattr(target, "name", "")
    if not name:
        raise BadInput("A contestant's model is an endpoint, an endpoint's name or a Bedrock model id; name one.")
    # Endpoint names have neither dots nor colons; Bedrock ids and ARNs have both or one.
    if "." in name or ":" in name:
        return {"kind": "bedrock", "model_id": name}
    return {"kind": "sagemaker", "endpoint": name, "system": getattr(target, "system", "") or ""}


def _question(question: Question | Mapping[str, Any]) -> dict[str, Any]:
    value = asdict(question) if isinstance(question, Question) else dict(question)
    value["key_facts"] = [
        dict(fact) | {"any_of": list(fact["any_of"]), "contradicts": list(fact.get("contradicts") or ())}
        for fact in value.get("key_facts") or ()
    ]
    return value
