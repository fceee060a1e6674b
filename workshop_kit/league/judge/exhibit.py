"""The material of a prompt: the question with its rubric, and answers as `shield` lets them be seen."""

from __future__ import annotations

import json
from dataclasses import dataclass
from string import Template

from workshop_kit.domains import Question
from workshop_kit.league.judge import shield
from workshop_kit.league.judge.flags import find_flags
from workshop_kit.league.judge.settings import JudgeSettings

# Flags that the judge is told of, as the league's note at the head of the quoted answer.
NOTED = ("addresses the judge", "fake verdict", "fake turn", "planted tag", "encoded text")


@dataclass(frozen=True)
class Exhibit:
    """One answer, cleaned, with the flags it set off."""

    cleaned: shield.Cleaned
    flags: tuple[str, ...]


def exhibit(question: Question, answer: str, settings: JudgeSettings) -> Exhibit:
    """An answer made ready to be shown to the judge."""
    cleaned = shield.clean(answer, settings.longest_answer)
    return Exhibit(cleaned, find_flags(cleaned, question.question, f"{settings.pairwise}\n{settings.rubric}"))


def fill(
    template: str, task: str, question: Question, settings: JudgeSettings, reply: str, answers: dict[str, Exhibit]
) -> str:
    """A prompt with everything in its tag: `answers` under their tags' names, quoted between the prompt's own mark."""
    facts = [fact.to_dict() for fact in question.key_facts]
    criteria = [
        {"name": c.name, "description": c.description, "weight": c.weight, "anchors": {str(n): t for n, t in c.anchors}}
        for c in settings.criteria
    ]
    material = {
        "task": task,
        "question": question.question,
        "reference_answer": question.reference_answer,
        "key_facts": json.dumps(facts, ensure_ascii=False),
        "criteria": json.dumps(criteria, ensure_ascii=False),
    }
    # What newer domains say of a question stands with its reference answer, so that an organizer's own prompts show it.
    more = {"passage": question.passage, "tone": question.tone, "kind": question.kind}
    material |= {name: text for name, text in more.items() if text}
    shown = [[name, found.cleaned.text] for name, found in answers.items()]
    mark = shield.mark(settings.id, material, shown)
    tagged = {name: f"<{name}>{shield.plain(text)}</{name}>" for name, text in material.items()}
    tagged["reference"] = "\n".join(tagged.pop(name) for name in ("reference_answer", *more) if name in tagged)
    for name, found in answers.items():
        notes = [flag for flag in found.flags if flag in NOTED]
        told = (f"the league notes: {', '.join(notes)}",) if notes else ()
        tagged[name] = f"<{name}>\n{shield.quote(found.cleaned, mark, told)}\n</{name}>"
    return Template(template).substitute(tagged, mark=mark, reply=reply).strip()
