"""The local dataset writer: rules behind Converse that stand in for a large model.

It knows nothing but the grammar of the shipped domains (worlds.py): all else that it writes comes from the prompt.
It reads the tags (task, passage, style and more), asks about sentences of the passage and answers with them.
Sentences of the workshop's own worlds are understood exactly (foundry/language.py, worlds.py), other English by the
rules in sentences.py. When the passage does not hold an answer, it says so. The same prompt always gets the same reply.
"""

from __future__ import annotations

import hashlib
import html
import json
import random
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.standins import styles, worlds
from workshop_kit.local_aws.standins.reading import Fact, find_answer, read_facts, stems
from workshop_kit.local_aws.standins.sentences import split_sentences

_TAGS = (
    "task", "domain", "brief", "headings", "topic", "persona", "style", "count", "passage", "question", "answer",
    "feedback",
)  # fmt: skip
_TAG = re.compile(rf"<(?P<name>{'|'.join(_TAGS)})>(?P<text>.*?)</(?P=name)>", re.DOTALL)
MOST = 50

# {q} is a question as it stands, {l} the same with a small first letter.
_CASUAL = (
    "Hi, {l}",
    "Quick one: {l}",
    "Hello! {q}",
    "Just wondering, {l}",
    "Do you happen to know: {l}",
    "Hey there, {l}",
    "Sorry to bother you, but {l}",
    "One thing I can't find: {l}",
)
_SITUATION = (
    "I am {who}. {q}",
    "I'm {who} and want to be sure. {q}",
    "As {who}, I would like to know: {l}",
    "I'm {who}, and this is new to me. {q}",
    "I have to sort this out as {who}. {q}",
)
_TWO = ("{q} And {l2}", "{q} Also, {l2}", "Two things: {l} And {l2}")
_SUMMARY = (
    "What should I know about {t}?",
    "Can you sum up the rules on {t}?",
    "Give me the main points about {t}.",
    "In short, how does {t} work?",
    "What matters most about {t}?",
)
_UNKNOWN = (
    "Is there a discount for pensioners on {s}?",
    "Can I bring a friend along for {s}?",
    "Who founded the office behind {s}?",
    "Which telephone company serves {s}?",
    "Was {s} different ten years ago?",
    "Is there parking near {s}?",
)
_NOT_HELD = (
    "I'm sorry, but the material I have does not say that.",
    "That is not covered by the information I have, so I would rather not guess.",
    "I can't answer that: the handbook does not mention it.",
)


def reply(ctx: Any, messages: Sequence[Mapping[str, Any]], system: str, params: Mapping[str, Any]) -> str:
    """The writer's answer to a conversation, as JSON text.

    `messages` are {"role", "content"} turns; the last turn that holds a <task> decides. A prompt without one
    gets a plain sentence that says what this model is.
    """
    prompt = next((t for t in (_text(m) for m in reversed(messages)) if "<task>" in t), "")
    tags = {match["name"]: html.unescape(match["text"]).strip() for match in _TAG.finditer(prompt)}
    task = tags.get("task")
    chance = random.Random(hashlib.sha256(prompt.encode("utf-8", "replace")).digest())
    if task == "write_topics":
        return _json({"topics": write_topics(tags)})
    if task == "write_questions":
        return _json({"questions": write_questions(tags, chance)})
    if task == "write_answer":
        return _json({"answer": write_answer(tags, chance)})
    if task == "refine_answer":
        return _json({"answer": refine_answer(tags)})
    return (
        "I am the workshop's local writer, a set of rules and not a language model: I write topics, "
        "questions and answers from a passage in the prompt, and can do nothing else."
    )


def write_topics(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Topics from the headings ("id | title | description", or a title per line), else from the brief."""
    count = _count(tags)
    topics: list[dict[str, str]] = []
    for line in tags.get("headings", "").splitlines():
        parts = [part.strip() for part in line.split("|")]
        if len(parts) >= 3:
            topics.append({"id": parts[0], "title": parts[1], "description": parts[2]})
        elif title := parts[0].lstrip("#-* "):
            topics.append({"id": _slug(title), "title": title, "description": f"Questions about {title.lower()}."})
    if not topics:
        # The brief's longer words, commonest first; a rule can't do better than name what is named.
        brief = tags.get("brief", "")
        words = Counter(word.lower() for word in re.findall(r"\b[a-zA-Z]{5,}\b", brief))
        first = {word: brief.lower().index(word) for word in words}
        for word in sorted(words, key=lambda w: (-words[w], first[w])):
            if word not in _COMMON:
                topics.append({"id": word, "title": word.title(), "description": f"Questions about {word}."})
    if not topics:
        raise AwsError("ValidationException", "The prompt holds neither headings nor a brief to take topics from.")
    return topics[:count]


_COMMON = set(
    "about after again their there these those which while would could should where other people answer "
    "answers question questions model helps every under being using based".split()
)


def write_questions(tags: Mapping[str, str], chance: random.Random) -> list[str]:
    """Up to `count` different questions about the passage in the style asked for."""
    passage, style = tags.get("passage", ""), tags.get("style", "simple")
    if style == "other-language":
        raise AwsError(
            "ValidationException",
            "The local writer is a set of rules for English: it can't write in another language. Leave that style out, "
            "or use a large model.",
        )
    if style not in ("unanswerable", "adversarial", "local", "summary") and (home := worlds.known(passage)) is not None:
        return home.questions(passage, _count(tags), chance)
    facts = read_facts(passage)
    if not facts:
        raise AwsError("ValidationException", "The prompt holds no passage to ask about.")
    count, who = _count(tags), _who(tags.get("persona", ""))
    made: dict[str, None] = {}
    order: list[Fact] = []
    for _ in range(count * 12):
        if len(made) == count:
            break
        if not order:  # every fact once before any fact twice
            order = chance.sample(facts, len(facts))
        fact = order.pop()
        question = _styled(style, fact, facts, passage, who, tags.get("topic", ""), chance)
        if _answerable(style, question, fact, passage):
            made[question] = None
    if not made:
        raise AwsError("ValidationException", "Nothing could be asked about the passage in this style.")
    return list(made)


def _answerable(style: str, question: str, fact: Fact, passage: str) -> bool:
    """Whether the passage answers the question just as the style wants it."""
    if style == "summary":
        return True
    answer = find_answer(question, passage)
    return answer is None if style == "unanswerable" else answer is not None and fact.holds(answer)


def write_answer(tags: Mapping[str, str], chance: random.Random) -> str:
    """The answer that the passage holds, or an honest sentence that it holds none."""
    question, passage = tags.get("question", ""), tags.get("passage", "")
    home = worlds.known(passage)
    if home is not None and question in home.answers:
        return home.answers[question]
    if tags.get("style") == "summary":
        topic = tags.get("topic", "").lower()
        if topic and topic in question.lower():
            return " ".join(split_sentences(passage)[:3])
    return find_answer(question, passage) or chance.choice(_NOT_HELD)


def refine_answer(tags: Mapping[str, str]) -> str:
    """The passage's answer once more, heeding feedback that asks for less, for more, or for something by its name.

    What the passage does not hold can't be added, and no other feedback is understood.
    """
    question, passage, before = (tags.get(name, "") for name in ("question", "passage", "answer"))
    answer = find_answer(question, passage) or before
    feedback = tags.get("feedback", "").lower()
    missing = [fact for fact in read_facts(passage) if fact.sentence not in answer]
    named = _named(feedback, missing)
    if named:
        return " ".join([answer, *(fact.sentence for fact in named)])
    sentences = split_sentences(answer)
    if re.search(r"\b(?:short|shorter|brief|briefer|concise)\b", feedback):
        return sentences[0] if sentences else before
    if re.search(r"\b(?:more|longer|detail|details)\b", feedback):
        about = [fact for fact in read_facts(passage) if fact.sentence in answer]
        missing.sort(key=lambda fact: not any(fact.goes_with(other) for other in about))
        return " ".join([answer, *(fact.sentence for fact in missing[:1])])
    return answer


_REQUEST = re.compile(
    r"\b(?:mention|include|add|say|state|name|give|tell|what about|how about|leaves? out|misses|lacks|forgets?)\b"
    r"(?P<what>[^.;!?]+)"
)


def _named(feedback: str, facts: Sequence[Fact]) -> list[Fact]:
    """The facts that feedback asks for, one for each request; those with most of its words."""
    found: list[Fact] = []
    bags = [set(stems(fact.sentence)) for fact in facts]
    everywhere = set.intersection(*bags) if len(bags) > 1 else set()
    for match in _REQUEST.finditer(feedback):
        wanted = set(stems(match["what"].replace("'s ", " "))) - everywhere - _ASKING
        shares = [len(wanted & bag) / len(wanted) if wanted else 0.0 for bag in bags]
        best = max(shares, default=0.0)
        if best >= 0.5 and facts[shares.index(best)] not in found:
            found.append(facts[shares.index(best)])
    return found


# Words of a request that name nothing of the passage.
_ASKING = set(stems("detail details answer passage part please also too longer mention include add state question"))


def _styled(
    style: str, fact: Fact, facts: Sequence[Fact], passage: str, who: str, topic: str, chance: random.Random
) -> str:
    question = fact.ask(chance)
    if style == "summary":
        return chance.choice(_SUMMARY).format(t=topic.lower() or fact.subject)
    if style == "unanswerable":
        return chance.choice(_UNKNOWN).format(s=fact.subject)
    if style == "adversarial":
        return styles.adversarial(fact, passage, question, _small(question), chance)
    if style == "local":
        return styles.local(fact, passage, question, _small(question), chance)
    if style == "casual":
        return chance.choice(_CASUAL).format(q=question, l=_small(question))
    if style == "situation" and who:
        return chance.choice(_SITUATION).format(q=question, l=_small(question), who=who)
    if style == "two-part":
        others = [other for other in facts if other is not fact and other.goes_with(fact)]
        if others:
            second = chance.choice(others).ask(chance)
            return chance.choice(_TWO).format(q=question, l=_small(question), l2=_small(second))
    return question


def _text(message: Mapping[str, Any]) -> str:
    content = message.get("content", "")
    return content if isinstance(content, str) else "".join(part.get("text", "") for part in content)


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _count(tags: Mapping[str, str]) -> int:
    try:
        return max(1, min(MOST, int(tags.get("count", "1"))))
    except ValueError:
        raise AwsError("ValidationException", "The prompt's <count> is not a whole number.") from None


def _who(persona: str) -> str:
    """ "A parent: borrows..." as "a parent"; '' when there is no persona."""
    name = persona.split(":")[0].strip()
    if not name:
        return ""
    first, _, rest = name.partition(" ")
    if first.lower() in ("a", "an", "the", "someone", "somebody"):
        return f"{first.lower()} {rest}".strip()
    article = "an" if name[0].lower() in "aeiou" else "a"
    return f"{article} {name[0].lower()}{name[1:]}" if not name[1:2].isupper() else f"{article} {name}"


def _small(question: str) -> str:
    """With a small first letter where the first word is not a name or "I"."""
    first = question.split(" ", 1)[0]
    small = first in _STARTS or first.rstrip("'sd") in _STARTS
    return question[0].lower() + question[1:] if small else question


_STARTS = set(
    "What When Where Who Whom Whose Which Why How Is Are Was Were Do Does Did Can Could May Must Should "
    "Will Would At For In On To From If The A An Tell Please Give Has Have Under By With Name Say".split()
)


def _slug(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")
