"""What the finale's requests may hold."""

from typing import Annotated, Literal

from pydantic import Field

from workshop_kit.league.server.bodies import Body, Line, Text
from workshop_kit.league.server.routes_team import Bedrock, Endpoint

RoundNumber = Annotated[int, Field(ge=1, le=50)]
Letter = Annotated[str, Field(pattern=r"^[A-T]$")]
Seconds = Annotated[float, Field(ge=1, le=3600, allow_inf_nan=False)]
Points = Annotated[float, Field(ge=0, le=10, multiple_of=0.5, allow_inf_nan=False)]
Weight = Annotated[float, Field(ge=0, le=1000, allow_inf_nan=False)]
Key = Annotated[str, Field(pattern=r"^[0-9A-Za-z_.:-]{8,60}$")]
Id = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,40}$")]


class KeyFactBody(Body):
    """A fact that a good answer holds, in any of several wordings."""

    fact: Text(1, 500)
    any_of: Annotated[list[Text(1, 500)], Field(min_length=1, max_length=20)]
    kind: Text(0, 40) = ""
    contradicts: Annotated[list[Text(1, 500)], Field(max_length=100)] = []


class QuestionBody(Body):
    """A question with its reference answer; without key facts the reference answer is the one fact."""

    question: Text(1, 4000)
    reference_answer: Text(1, 8000)
    key_facts: Annotated[list[KeyFactBody], Field(max_length=20)] = []
    id: Text(0, 80) = ""
    topic: Text(0, 80) = ""
    style: Text(0, 80) = ""
    kind: Text(0, 40) = ""
    passage: Text(0, 8000) = ""
    tone: Text(0, 40) = ""


class WeightsBody(Body):
    """How much each part counts; only their shares matter."""

    llm: Weight = 40
    experts: Weight = 40
    audience: Weight = 20


class ContestantBody(Body):
    """A finalist by the team's name, and the model that plays."""

    name: Line(1, 60)
    target: Annotated[Endpoint | Bedrock, Field(discriminator="kind")]


class NewFinale(Body):
    """A finale. Without contestants the first teams of the standings play with the models they chose.

    Without questions, `rounds` of the league's own are drawn: its hidden ones (once no ranked submission is taken any
    more, because the finale shows them to everybody) or its practice ones.
    """

    title: Line(1, 120) = "Finale"
    seconds: Seconds = 90
    grace: Annotated[float, Field(ge=0, le=120, allow_inf_nan=False)] = 10
    weights: WeightsBody = WeightsBody()
    judge: Text(0, 200) = ""
    rehearsal: bool = False
    public_url: Annotated[str, Field(pattern=r"^(https?://[!-~]{1,250})?$")] = ""
    contestants: Annotated[list[ContestantBody], Field(min_length=2, max_length=20)] | None = None
    questions: Annotated[list[QuestionBody], Field(min_length=1, max_length=50)] | None = None
    draw_from: Literal["ranked", "practice"] = "ranked"
    rounds: Annotated[int, Field(ge=1, le=20)] = 5
    instead: bool = False  # take the place of a finale that was begun and is not over


class Current(Body):
    """An earlier finale that shall be the current one again; `instead` of one that was begun and is not over."""

    finale: Id
    instead: bool = False


class Seat(Body):
    """A place to sign in to: a contestant's (by id) or an expert's (by name)."""

    role: Literal["contestant", "expert"]
    name: Line(1, 60)


class Action(Body):
    """Something the director does to a round. What comes again under one key acts once."""

    round: RoundNumber
    key: Key | None = None


class Start(Action):
    """`seconds` of countdown other than the finale's."""

    seconds: Seconds | None = None


class More(Action):
    """More time."""

    seconds: Annotated[float, Field(ge=1, le=600, allow_inf_nan=False)]


class Because(Action):
    """What needs a reason."""

    reason: Text(1, 500)


class Again(Because):
    """Open again, with `seconds` of countdown other than the finale's."""

    seconds: Seconds | None = None


class OverrideBody(Because):
    """A human's score in the place of the LLM judge's."""

    letter: Letter
    score: Points


class LeaveOutBody(Action):
    """A part that shall not count in this round, or shall again."""

    part: Literal["llm", "experts", "audience"]
    out: bool = True
    reason: Text(0, 500) = ""


class RevealBody(Action):
    """The step to show: 1 LLM judge, 2 experts, 3 audience, 4 names and points."""

    step: Annotated[int, Field(ge=1, le=4)]


class SetQuestionBody(Action):
    """Another question for a round that waits; the number after the last adds a round."""

    question: QuestionBody


class SetWeightsBody(Body):
    """Other weights, until the first score is shown."""

    weights: WeightsBody
    key: Key | None = None


class AddressBody(Body):
    """Where the audience's phones find the league; empty for wherever the page was asked for."""

    public_url: Annotated[str, Field(pattern=r"^(https?://[!-~]{1,250})?$")]
    key: Key | None = None


class Generate(Body):
    """Ask your model. What comes again under one key acts once."""

    round: RoundNumber
    key: Key
    system: Text(0, 4000) = ""
    temperature: Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)] = 0.0
    top_p: Annotated[float, Field(ge=0.01, le=1, allow_inf_nan=False)] = 1.0


class ChoiceBody(Body):
    """The answer that shall count."""

    round: RoundNumber
    generation: Id


class ScoreBody(Body):
    """An expert's score from 0 to 10 in halves, and words for oneself."""

    round: RoundNumber
    letter: Letter
    score: Points
    note: Text(0, 1000) = ""


class Ballot(Body):
    """A vote."""

    round: RoundNumber
    letter: Letter
