"""The world of Pellowick Insurance: rows, practice questions and hidden questions about its underwriting manual."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from workshop_kit.worlds.base import Deck, Fact, WorldQuestion, plan_kinds, share_of
from workshop_kit.worlds.underwriting import manual, phrases
from workshop_kit.worlds.underwriting.answers import answer
from workshop_kit.worlds.underwriting.cases import Case, draw, key_facts, leads, rule_facts
from workshop_kit.worlds.underwriting.mistakes import spoiled
from workshop_kit.worlds.underwriting.questions import ask, lookup, lookup_answer, second_need, unknown
from workshop_kit.worlds.underwriting.rules import DECLINE, REFER, Procedure, Rule

KINDS = {"case": 0.55, "two-needs": 0.20, "lookup": 0.15, "not-in-handbook": 0.10}
ROW_KINDS = {"case": 0.63, "two-needs": 0.13, "lookup": 0.14, "not-in-handbook": 0.10}
_UNKNOWN = Fact(
    "The manual does not say; the technical desk has to be asked.", phrases.UNKNOWN_WORDINGS, "unknown",
    ("standard terms", "with conditions", "declined", "deductible of", "premium goes up", "is excluded", "discount of"),
)  # fmt: skip


class Underwriting:
    """The underwriting manual of a made-up insurer; another edition has other amounts."""

    id = "insurance-underwriting"

    def __init__(self, edition: int = 0) -> None:
        self.edition = edition
        self.rules, self.procedures = manual.book(edition)

    def document(self) -> dict[str, Any]:
        """What stands in domain.json."""
        return manual.document()

    def handbook(self) -> str:
        """The manual as Markdown, one paragraph a rule."""
        return manual.handbook(self.rules, self.procedures)

    def rows(
        self, count: int, seed: int, *, topics: Sequence[str] | None = None, mistakes: float = 0.0
    ) -> list[dict[str, Any]]:
        """Training rows; `mistakes` is the share of them that have a wrong amount, condition or decision."""
        chance = Random(f"underwriting/rows/{self.edition}/{seed}")
        wrong = Random(f"underwriting/mistakes/{seed}")
        rows = []
        spoil = set(wrong.sample(range(count), round(count * mistakes)))
        for number, made in enumerate(self._questions(count, chance, "rows", ROW_KINDS, topics)):
            question, again = made
            response = question.reference_answer
            if number in spoil:
                response = again(wrong)
            rows.append(
                {
                    "id": question.case,
                    "instruction": question.question,
                    "context": "",
                    "response": response,
                    "topic": question.topic,
                }
            )
        return rows

    def practice(self, count: int, seed: int) -> list[dict[str, Any]]:
        """Questions with rubrics that learners see."""
        return self._asked(count, seed, "practice", "p")

    def hidden(self, count: int, seed: int) -> list[dict[str, Any]]:
        """Questions with rubrics that decide a league."""
        return self._asked(count, seed, "hidden", "h")

    def _asked(self, count: int, seed: int, share: str, letter: str) -> list[dict[str, Any]]:
        chance = Random(f"underwriting/{share}/{self.edition}/{seed}")
        made = self._questions(count, chance, share, KINDS, None)
        return [question.row(f"{letter}{number:02d}") for number, (question, _) in enumerate(made, start=1)]

    def _questions(
        self, count: int, chance: Random, share: str, kinds: dict[str, float], topics: Sequence[str] | None
    ) -> list[tuple[WorldQuestion, Callable[[Random], str]]]:
        """Questions of one share, no text twice, each with a way to answer it wrongly."""
        maker = _Maker(self.rules, self.procedures, share, chance, topics)
        return [maker.make(kind) for kind in plan_kinds(count, kinds, chance)]


class _Maker:
    """Makes the questions of one set: remembers what has come, so that rules are spread evenly."""

    def __init__(
        self,
        rules: dict[str, Rule],
        procedures: tuple[Procedure, ...],
        share: str,
        chance: Random,
        topics: Sequence[str] | None,
    ) -> None:
        self.rules, self.share, self.chance = rules, share, chance
        self.held_out = share != "rows"
        self.used: Counter[str] = Counter()
        self.seen: set[str] = set()
        self.cases: set[str] = set()
        self.leads = leads(rules, topics, chance)
        parts: list[Rule | Procedure] = [rule for rule in rules.values() if rule.facts]
        parts = [part for part in (*parts, *procedures) if topics is None or part.topic in topics]
        # Practice and hidden questions look up different rules. Rows look up all of them, in other words, and those
        # that come seldom in cases twice as often.
        mine = [part for part in parts if share_of(f"lookup/{part.id}", ("practice", "hidden", "hidden")) == share]
        rare = [part for part in parts if isinstance(part, Procedure) or part.level in (REFER, DECLINE)]
        looked_up = [*parts, *rare] if share == "rows" else mine or parts
        self.lookups = Deck(looked_up, chance)
        self.seconds = Deck([p for p in looked_up if getattr(p, "level", "") not in (REFER, DECLINE)], chance)
        things = [u for u in phrases.UNKNOWN[share] if topics is None or u[0] in topics] or phrases.UNKNOWN[share]
        self.things = Deck(things, chance)

    def make(self, kind: str) -> tuple[WorldQuestion, Callable[[Random], str]]:
        """A question whose text has not come before in this set."""
        for _ in range(10_000):
            made = {"case": self._case, "two-needs": self._two, "lookup": self._lookup}.get(kind, self._unknown)()
            if made is not None and made[0].question not in self.seen:
                self.seen.add(made[0].question)
                return made
        raise AssertionError(f"no more questions of the kind {kind} in {self.share}")

    def _draw(self, most: int = 4) -> Case | None:
        lead = self.leads.draw()
        for _ in range(60):
            case = draw(self.rules, self.share, lead, self.chance, used=self.used, most=most)
            if case is not None and case.id not in self.cases:
                return case
        return None

    def _take(self, case: Case, id: str) -> None:
        self.cases.add(id)
        self.used.update(rule.id for rule in case.rules)

    def _case(self) -> tuple[WorldQuestion, Callable[[Random], str]] | None:
        case = self._draw()
        if case is None:
            return None
        self._take(case, case.id)
        question = WorldQuestion(
            case.id,
            case.topic,
            ask(case, self.chance, self.held_out),
            answer(case, self.chance),
            key_facts(case),
            case.persona,
            "case",
            manual.passage(case.rules),
            "kind" if case.worried else "neutral",
        )
        return question, lambda wrong: spoiled(case, self.rules, question.reference_answer, wrong)

    def _two(self) -> tuple[WorldQuestion, Callable[[Random], str]] | None:
        case = self._draw(most=self.chance.choice((2, 2, 3)))
        if case is None:
            return None
        factors = {rule.factor for rule in case.rules}
        part = next(part for part in iter(self.seconds.draw, None) if getattr(part, "factor", "") not in factors)
        id = f"{case.id}/{part.id}"
        if id in self.cases:
            return None
        self._take(case, id)
        asked, second = second_need(ask(case, self.chance, self.held_out), part, self.chance, self.held_out)
        question = WorldQuestion(
            id,
            case.topic,
            asked,
            answer(case, self.chance, second=second),
            key_facts(case, (part,)),
            case.persona,
            "two-needs",
            manual.passage((*case.rules, part)),
            "kind" if case.worried else "neutral",
        )
        return question, lambda wrong: spoiled(case, self.rules, question.reference_answer, wrong)

    def _lookup(self) -> tuple[WorldQuestion, Callable[[Random], str]]:
        part = self.lookups.draw()
        question = WorldQuestion(
            f"lookup/{part.id}",
            part.topic,
            lookup(part, self.chance, self.held_out),
            lookup_answer(part, self.chance),
            rule_facts(part),
            "simple",
            "lookup",
            manual.passage((part,)),
        )
        case = Case((part,), "trainee") if isinstance(part, Rule) else None
        return question, lambda wrong: spoiled(case, self.rules, question.reference_answer, wrong)

    def _unknown(self) -> tuple[WorldQuestion, Callable[[Random], str]]:
        topic, thing = self.things.draw()
        asked, told = unknown(thing, self.chance, self.held_out)
        question = WorldQuestion(f"unknown/{thing}", topic, asked, told, (_UNKNOWN,), "simple", "not-in-handbook")
        return question, lambda wrong: spoiled(None, self.rules, question.reference_answer, wrong, thing)
