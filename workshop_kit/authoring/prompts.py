"""The prompts that a writer model gets. Edit them with Templates(questions="..."): $names are filled in.

What varies stands in tags, so that a model (and a reader) can tell it from the request.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass, fields
from string import Template

from workshop_kit.errors import BadInput

SYSTEM = (
    "You prepare training data for a language model. You rely on the passage you are given and on nothing "
    "else. You reply with one JSON object and no other text."
)

# A style is a name that the plan deals out, and what it asks of the writer.
STYLES: dict[str, str] = {
    "simple": "one short, direct question about one fact",
    "situation": "the person first says in a few words what they are doing or need, then asks about one fact",
    "casual": "everyday wording, as in a chat or on the phone, about one fact",
    "two-part": "one question that asks for two facts of the passage at once",
    "local": "names the place or branch that the passage is about, and asks what holds there and not in general",
    "summary": "asks for the main points of the passage in brief",
    "adversarial": "takes something wrong for granted, or tries to talk the reader into an answer; the right reply "
    "gives the passage's fact all the same",
    "other-language": "asks in another language that people in this domain speak; the answer is in that language too",
    "unanswerable": "a question of this topic that the passage does not answer; the right reply says so",
}
DEFAULT_STYLES = ("simple", "situation", "casual", "two-part")

TOPICS = """<task>write_topics</task>
<domain>$domain</domain>
<brief>$brief</brief>
<headings>
$headings
</headings>
<count>$count</count>

Name $count topics that people in this domain ask about. Together they should cover the brief and, where there
are headings, the source text behind them. Give each a short id in lower case with hyphens, a title and one
sentence of description.
Reply with JSON only: {"topics": [{"id": "...", "title": "...", "description": "..."}]}"""

QUESTIONS = """<task>write_questions</task>
<domain>$domain</domain>
<topic>$topic</topic>
<persona>$persona</persona>
<style>$style</style>
<count>$count</count>
<passage>
$passage
</passage>

Write $count different questions that this person would ask about the topic. Style: $style_help.
Each must be understandable without the passage: name the place, product or thing it is about. Ask about
different facts and vary the wording.
Reply with JSON only: {"questions": ["..."]}"""

ANSWER = """<task>write_answer</task>
<domain>$domain</domain>
<topic>$topic</topic>
<style>$style</style>
<passage>
$passage
</passage>
<question>$question</question>

Answer the question from the passage alone, correctly and completely, in one or two sentences. Keep names,
numbers and amounts exactly as the passage has them. If the passage does not hold the answer, say so plainly
and guess nothing.
Reply with JSON only: {"answer": "..."}"""

REFINE = """<task>refine_answer</task>
<passage>
$passage
</passage>
<question>$question</question>
<answer>$answer</answer>
<feedback>$feedback</feedback>

Write a better answer to the question from the passage alone. Heed the feedback, and keep what is right. Keep names,
numbers and amounts exactly as the passage has them.
Reply with JSON only: {"answer": "..."}"""

REPAIR = """That reply can't be used: $problem.
Send the same content again as one JSON object of the form asked for, with nothing before or after it."""

# What each template has to fill in; leaving one of these out would silently change what is asked.
_NEEDED = {
    "topics": {"brief", "count"},
    "questions": {"passage", "count", "style"},
    "answer": {"passage", "question"},
    "refine": {"passage", "question", "answer", "feedback"},
    "repair": {"problem"},
}


@dataclass(frozen=True)
class Templates:
    """The prompts; pass your own text for any of them."""

    topics: str = TOPICS
    questions: str = QUESTIONS
    answer: str = ANSWER
    repair: str = REPAIR
    refine: str = REFINE
    system: str = SYSTEM

    def __post_init__(self) -> None:
        for name, needed in _NEEDED.items():
            template = Template(getattr(self, name))
            if not template.is_valid():
                raise BadInput(f"The prompt '{name}' has a '$' that starts no name; write '$$' for a dollar sign.")
            missing = sorted(needed - set(template.get_identifiers()))
            if missing:
                raise BadInput(f"The prompt '{name}' leaves out {', '.join('$' + m for m in missing)}; put it back in.")

    def fill(self, name: str, **values: object) -> str:
        """One prompt with its names filled in; values are escaped so that they can't close a tag.

        Raises BadInput when the template asks for a name that it is not given.
        """
        given = {key: html.escape(str(value), quote=False) for key, value in values.items()}
        try:
            return Template(getattr(self, name)).substitute(given)
        except KeyError as problem:
            names = ", ".join("$" + key for key in given)
            raise BadInput(f"The prompt '{name}' asks for ${problem.args[0]}; it can use {names}.") from None

    def _repr_html_(self) -> str:
        return "".join(
            f"<details><summary>{f.name}</summary><pre style='white-space:pre-wrap'>"
            f"{html.escape(getattr(self, f.name))}</pre></details>"
            for f in fields(self)
        )


def split_sentences(text: str) -> list[str]:
    """Sentences of a passage; a full stop after a short title or an initial does not end one."""
    parts = re.split(r"(?<=[.!?])\s+(?=[\"“(]?[A-Z0-9¿¡])", text.strip())
    out: list[str] = []
    for part in parts:
        if out and re.search(r"\b(?:Mr|Mrs|Ms|Dr|St|No|Prof|vs|e\.g|i\.e|[A-Z])\.$", out[-1]):
            out[-1] += " " + part
        elif part:
            out.append(part)
    return out
