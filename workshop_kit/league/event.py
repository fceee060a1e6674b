"""What is played: the settings of an event and the phases it goes through."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from workshop_kit.errors import BadInput

PhaseName = Literal["workshop", "virtual", "freeze", "finale"]


@dataclass(frozen=True)
class Rules:
    """What may be done in a phase."""

    title: str
    ranked: bool  # submit for the standings
    practice: bool  # submit for practice
    choose: bool  # choose the model that plays the finale


PHASES: dict[str, Rules] = {
    "": Rules("No phase yet", True, True, True),
    "workshop": Rules("Workshop", True, True, True),
    "virtual": Rules("Virtual league", True, True, True),
    "freeze": Rules("Freeze", False, True, True),
    "finale": Rules("Finale", False, True, False),
}


@dataclass(frozen=True)
class Phase:
    """A phase and when it begins, in seconds since 1970 (UTC); it lasts until the next one begins."""

    name: PhaseName
    starts: float


@dataclass(frozen=True)
class EventSettings:
    """An event's settings; an organizer may change them at any time.

    `access`: "open" lets anybody play under a name (a workspace's own league), "codes" asks for a join code.
    `ranked_quota` counts ranked submissions that did not fail; None is without limit. `judges` and `reference` are
    model ids, empty for the account's own choice. `reference_open_book` puts handbook passages into the reference's
    prompt; None does so where it is local AWS's untuned model. Ranked models must be tuned from one of `bases` (empty:
    settings.LEAGUE_BASES), unless `open_models` lets any model in; `longest_system_prompt` bounds their system prompts,
    in characters. `calls_per_second` bounds the calls to each Bedrock model of an account, judge or not, over all
    workers.
    """

    title: str = ""
    access: Literal["open", "codes"] = "open"
    phases: tuple[Phase, ...] = ()
    phase: str = ""  # set by hand; it goes before the dates
    ranked_quota: int | None = None
    judges: tuple[str, ...] = ()
    reference: str = ""
    reference_open_book: bool | None = None
    open_models: bool = False
    bases: tuple[str, ...] = ()
    longest_system_prompt: int = 600
    calls_per_second: float | None = None
    questions_at_once: int = 4
    finalists: int = 5

    def phase_at(self, now: float) -> str:
        """The phase at a time: the one set by hand, else by the dates; "" when neither says any."""
        if self.phase:
            return self.phase
        begun = [phase for phase in self.phases if phase.starts <= now]
        return begun[-1].name if begun else ""

    def next_phase(self, now: float) -> Phase | None:
        """The next phase with a date, while none is set by hand."""
        coming = [phase for phase in self.phases if phase.starts > now]
        return coming[0] if coming and not self.phase else None

    def rules_at(self, now: float) -> Rules:
        """What may be done now."""
        return PHASES[self.phase_at(now)]

    def to_dict(self) -> dict[str, Any]:
        """Plain data that `settings_from` reads."""
        return (
            asdict(self)
            | {"phases": [asdict(p) for p in self.phases], "judges": list(self.judges)}
            | {"bases": list(self.bases)}
        )


_SAID: dict[Any, str] = {
    int: "a whole number",
    int | None: "a whole number or null",
    int | float | None: "a number or null",
    bool | None: "true, false or null",
    bool: "true or false",
}
_KINDS: dict[str, Any] = {
    "title": str,
    "access": str,
    "phase": str,
    "reference": str,
    "reference_open_book": bool | None,
    "open_models": bool,
    "longest_system_prompt": int,
    "ranked_quota": int | None,
    "calls_per_second": int | float | None,
    "questions_at_once": int,
    "finalists": int,
}


def settings_from(values: dict[str, Any]) -> EventSettings:
    """Checked settings; raises BadInput naming the field at fault."""
    known = {field.name for field in fields(EventSettings)}
    if unknown := sorted(set(values) - known):
        raise BadInput(f"An event has no setting '{unknown[0]}'; there are {', '.join(sorted(known))}.")
    found = EventSettings(
        **values
        | {
            "phases": tuple(_phase(value) for value in values.get("phases", ())),
            "judges": tuple(values.get("judges", ())),
            "bases": tuple(values.get("bases", ())),
        }
    )
    for name, kind in _KINDS.items():
        if not isinstance(value := getattr(found, name), kind):
            raise BadInput(f"The setting '{name}' is {value!r}; it may be {_SAID.get(kind, 'a text')}.")
    if not all(isinstance(judge, str) for judge in found.judges):
        raise BadInput("The setting 'judges' holds something that is no model's id; it may be a list of texts.")
    if not all(isinstance(base, str) and base for base in found.bases):
        raise BadInput("The setting 'bases' holds something that is no model's id; it may be a list of texts.")
    if not 0 <= found.longest_system_prompt <= 4000:
        raise BadInput(f"The setting 'longest_system_prompt' is {found.longest_system_prompt}; it may be 0 to 4000.")
    if found.access not in ("open", "codes"):
        raise BadInput(f"The setting 'access' is {found.access!r}; it may be 'open' or 'codes'.")
    if found.phase not in PHASES:
        raise BadInput(f"The setting 'phase' is {found.phase!r}; it may be {', '.join(filter(None, PHASES))} or ''.")
    starts = [phase.starts for phase in found.phases]
    if starts != sorted(set(starts)):
        raise BadInput("The setting 'phases' is not in order of time; each phase begins after the one before it.")
    if found.ranked_quota is not None and found.ranked_quota < 1:
        raise BadInput(f"The setting 'ranked_quota' is {found.ranked_quota}; it may be 1 or more, or null.")
    if found.calls_per_second is not None and not 0 < found.calls_per_second <= 10_000:
        raise BadInput(f"The setting 'calls_per_second' is {found.calls_per_second}; it may be above 0, or null.")
    if not 1 <= found.questions_at_once <= 64:
        raise BadInput(f"The setting 'questions_at_once' is {found.questions_at_once}; it may be 1 to 64.")
    if not 1 <= found.finalists <= 20:
        raise BadInput(f"The setting 'finalists' is {found.finalists}; it may be 1 to 20.")
    return found


def check_system(system: str, longest: int) -> None:
    """Raise BadInput for a system prompt of more than `longest` characters."""
    if len(system) > longest:
        raise BadInput(f"The system prompt has {len(system):,} characters; this league takes up to {longest:,}.")


def _phase(value: Any) -> Phase:
    phase = value if isinstance(value, Phase) else Phase(**value)
    if not isinstance(phase.starts, int | float) or not 0 <= phase.starts < 1e12:
        raise BadInput(f"A phase starts at {phase.starts!r}; it may be seconds since 1970.")
    if phase.name not in PHASES or not phase.name:
        raise BadInput(f"There is no phase {phase.name!r}; the phases are {', '.join(filter(None, PHASES))}.")
    return phase
