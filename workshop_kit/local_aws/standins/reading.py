"""What a passage says, as facts to ask about, and the sentence that answers a question."""

from __future__ import annotations

import math
import random
import re
from collections import Counter
from dataclasses import dataclass

from workshop_kit.local_aws.foundry import language
from workshop_kit.local_aws.standins.sentences import DURATION, MONEY, PERSON, TIME, clue, split_sentences

# How much of a question's meaning a sentence must share before it counts as its answer. Below this the writer
# says that the passage holds no answer.
ENOUGH = 0.5
_WORD = re.compile(r"[a-z0-9$€£]+(?:[.:,'][a-z0-9]+)*", re.IGNORECASE)
_EMPTY = set(
    "a an the and or but of for to in on at by with from as is are was were be been do does did have has "
    "had it its this that these those there i i'm im me my we our us you your they their he she him her who "
    "whom what which when where why how can could may might must should shall will would please tell know "
    "if so not no yes any some about into than then also too just like want need get one thing things quick "
    "hi hello hey sorry bother wondering happen happens sure new sort rule rules much many long high say "
    "says said am give main points point".split()
)


@dataclass(frozen=True)
class Fact:
    """One thing to ask about; `exact` when the sentence was understood and not only cut at its verb."""

    sentence: str
    subject: str
    questions: tuple[str, ...]
    exact: bool = False

    def ask(self, chance: random.Random) -> str:
        """One way to ask; of those made by rules, the pointed ones come first and come up most."""
        weights = [1.0 if self.exact else 4 / (1 + n * n) for n in range(len(self.questions))]
        return chance.choices(self.questions, weights)[0]

    def holds(self, answer: str) -> bool:
        """Whether an answer gives this fact."""
        return self.sentence in answer

    def goes_with(self, other: Fact) -> bool:
        """Whether both are about the same thing, so that one question can ask for both."""
        return bool(set(stems(self.subject)) & set(stems(other.subject)))


def read_facts(passage: str) -> list[Fact]:
    """A fact per sentence."""
    facts = []
    for sentence in split_sentences(passage):
        known = language.parse(sentence)
        if known:
            subject = f"{known.entity} in {known.place}"
            facts.append(Fact(sentence, subject, language.wordings(known), exact=True))
        else:
            found = clue(sentence, passage)
            facts.append(Fact(sentence, found.subject, found.questions))
    return facts


def find_answer(question: str, passage: str) -> str | None:
    """The sentences that answer a question of one or two parts; None when the passage has none."""
    facts = read_facts(passage)
    asked = _recognised(question, facts)
    if asked:
        return " ".join(asked)
    parts = [part for part in re.split(r"(?<=\?)\s+", question) if stems(part)]
    asking = [part for part in parts if "?" in part] or parts
    answers: list[str] = []
    for part in asking:
        best = _best(part, facts)
        if best is None:
            # Half an answer to a two-part question would look like a whole one.
            return None
        if best not in answers:
            answers.append(best)
    return " ".join(answers) or None


def _recognised(question: str, facts: list[Fact]) -> list[str]:
    """The sentences whose own wordings stand in the question, in the order in which it asks for them."""
    text = question.lower()
    places: dict[str, int] = {}
    for fact in facts:
        found = [text.find(wording.lower()) for wording in fact.questions] if fact.exact else []
        if starts := [at for at in found if at >= 0]:
            places[fact.sentence] = min(starts)
    return sorted(places, key=lambda sentence: places[sentence])


def _best(question: str, facts: list[Fact]) -> str | None:
    wanted = Counter(stems(question))
    if not wanted or not facts:
        return None
    # Where a sentence was understood, the words that one asks for it with count as its own.
    bags = [set(stems(" ".join([f.sentence, *(f.questions if f.exact else ())]))) for f in facts]
    common = Counter(word for bag in bags for word in bag)
    # A word that the passage lacks weighs as much as its rarest one: a question about it has no answer here.
    weight = {word: math.log(1 + len(bags) / max(1, common[word])) for word in wanted}
    total = sum(weight.values())
    scored = [
        (sum(weight[word] for word in wanted if word in bag) / total + _kind(question, fact.sentence), -n)
        for n, (bag, fact) in enumerate(zip(bags, facts, strict=True))
    ]
    score, place = max(scored)
    return facts[-place].sentence if score >= ENOUGH else None


def _kind(question: str, sentence: str) -> float:
    """A little more for a sentence that holds the kind of thing asked for."""
    asked = question.lower()
    fits = (
        (("how much", "what would i pay", "how high"), MONEY),
        (("how long", "for how long"), DURATION),
        (("when ", "what time"), TIME),
        (("who ",), PERSON),
    )
    return 0.2 if any(any(w in asked for w in words) and what.search(sentence) for words, what in fits) else 0.0


def stems(text: str) -> list[str]:
    """The words that carry meaning, without their commonest endings."""
    out = []
    for word in _WORD.findall(text):
        word = word.lower().strip("'.,:")
        if word not in _EMPTY and word:
            out.append(_stem(word))
    return out


def _stem(word: str) -> str:
    if word.isalpha() and len(word) > 4:
        for ending in ("ings", "ing", "ied", "ies", "ed", "es", "s"):
            if word.endswith(ending) and len(word) - len(ending) >= 3:
                word = word[: -len(ending)] + ("y" if ending in ("ied", "ies") else "")
                break
        return word.removesuffix("e")
    return word
