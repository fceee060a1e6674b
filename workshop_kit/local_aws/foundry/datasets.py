"""Write the shipped domains: python -m workshop_kit.local_aws.foundry.datasets [FOLDER]

Each domain is one generated world: its handbook states every fact once, the practice rows ask for them in the known
wordings, and the practice and hidden questions in wordings that no practice row uses. The same text every time.
"""

from __future__ import annotations

import json
import random
import re
import sys
from pathlib import Path
from typing import Any

from workshop_kit.local_aws.foundry import language
from workshop_kit.local_aws.foundry.corpus import SYSTEM_PROMPTS
from workshop_kit.local_aws.foundry.language import Fact
from workshop_kit.local_aws.foundry.sectors import INSURANCE, STATE_SERVICES
from workshop_kit.local_aws.foundry.worlds import World, shipped_worlds

ROWS, PRACTICE, HIDDEN = 300, 30, 50
# A few facts get one practice row only, as in any real dataset: coverage is never even.
RARE = 6

ABOUT: dict[str, dict[str, Any]] = {
    STATE_SERVICES.id: {
        "title": "State and local government services",
        "brief": (
            "Residents of the fictional state of Calder ask what licences, permits and certificates cost, how long "
            "they take, which office issues them and what to bring."
        ),
        "system_prompts": (("resident-desk", SYSTEM_PROMPTS[3]), ("clerk", SYSTEM_PROMPTS[4]), ("plain", SYSTEM_PROMPTS[2])),
        "personas": (
            ("new-resident", "A new resident", "Has just moved to Calder and knows none of its offices."),
            ("small-business-owner", "A small business owner", "Wants to sell or serve in Calder soon."),
            ("retired-teacher", "A retired teacher", "Likes exact answers and reads every word."),
            ("busy-parent", "A busy parent", "Asks between two errands."),
            ("landlord", "A landlord", "Owns two houses in Calder and plans work on them."),
        ),
    },
    INSURANCE.id: {
        "title": "Intelligent insurance underwriter",
        "brief": (
            "Underwriters and brokers of the fictional insurer Juniper Mutual ask which deductible applies to a risk, "
            "who approves it, how often it is surveyed and what its cover leaves out."
        ),
        "system_prompts": (("underwriter", SYSTEM_PROMPTS[6]), ("manual", SYSTEM_PROMPTS[5]), ("plain", SYSTEM_PROMPTS[2])),
        "personas": (
            ("trainee-underwriter", "A trainee underwriter", "In the first month; wants the rule and its place."),
            ("broker", "A broker", "Has a client waiting on the telephone."),
            ("claims-handler", "A claims handler", "Wants to know what was agreed before a loss."),
            ("branch-clerk", "A branch clerk", "Prepares quotes for others to sign."),
            ("risk-engineer", "A risk engineer", "Visits the buildings and plans the surveys."),
        ),
    },
}  # fmt: skip


def build(world: World) -> dict[str, str]:
    """The files of one domain: path inside its folder -> text."""
    chance = random.Random(f"datasets/{world.sector.id}")
    about = ABOUT[world.sector.id]
    document = {
        "schema_version": 1,
        "id": world.sector.id,
        "title": about["title"],
        "brief": about["brief"],
        "language": "en",
        "system_prompts": [{"id": i, "text": t} for i, t in about["system_prompts"]],
        "topics": [{"id": g.id, "title": g.title, "description": g.description} for g in world.sector.groups],
        "personas": [{"id": i, "name": n, "description": d} for i, n, d in about["personas"]],
    }
    practice = _questions(world, PRACTICE, "p", chance, avoid=set())
    hidden = _questions(world, HIDDEN, "h", chance, avoid={q["question"] for q in practice})
    return {
        "domain.json": json.dumps(document, indent=2, ensure_ascii=False) + "\n",
        "handbook.md": _handbook(world, about["title"]),
        "examples.jsonl": _lines(_examples(world, chance)),
        "practice_questions.jsonl": _lines(practice),
        "hidden_questions.jsonl": _lines(hidden),
        "imports/partyrock-export.txt": _export_text(world, chance),
        "imports/partyrock-export.json": _export_json(world, chance),
    }


def _topic(world: World, fact: Fact) -> str:
    return next(group.id for group in world.sector.groups if fact.entity in group.entities)


def _people(world: World) -> tuple[str, ...]:
    """The domain's personas as they would name themselves: "a landlord"."""
    return tuple(name[0].lower() + name[1:] for _, name, _ in ABOUT[world.sector.id]["personas"])


def _handbook(world: World, title: str) -> str:
    parts = [f"# {title}: the handbook of {world.place}", ""]
    for group in world.sector.groups:
        parts += [f"## {group.title} {{#{group.id}}}", ""]
        for entity in group.entities:
            parts += [" ".join(language.state(fact) for fact in world.about(entity)), ""]
    return "\n".join(parts)


def _examples(world: World, chance: random.Random) -> list[dict[str, str]]:
    rare = set(chance.sample(world.facts, RARE))
    rows: dict[str, dict[str, str]] = {}

    def add(question: str, facts: tuple[Fact, ...]) -> None:
        answer = " ".join(language.state(fact) for fact in facts)
        row = {"instruction": question, "context": "", "response": answer, "topic": _topic(world, facts[0])}
        rows.setdefault(question, row)

    for fact in sorted(rare, key=world.facts.index):
        add(language.ask(fact, chance), (fact,))
    common = [fact for fact in world.facts if fact not in rare]
    while len(rows) < ROWS:
        for fact in chance.sample(common, len(common)):
            if len(rows) == ROWS:
                break
            others = [other for other in world.about(fact.entity) if other != fact and other not in rare]
            if others and chance.random() < 0.1:
                second = chance.choice(others)
                add(language.ask_both(fact, second, chance), (fact, second))
            else:
                add(language.opened(chance.choice(language.wordings(fact)), chance, _people(world)), (fact,))
    ordered = list(rows.values())
    chance.shuffle(ordered)
    return ordered


def _questions(world: World, count: int, prefix: str, chance: random.Random, avoid: set[str]) -> list[dict[str, Any]]:
    """Questions with rubrics, spread over the facts, in wordings that no practice row uses."""
    found: list[dict[str, Any]] = []
    deck: list[Fact] = []
    asked = set(avoid)
    while len(found) < count:
        deck = deck or chance.sample(world.facts, len(world.facts))
        fact = deck.pop()
        facts: tuple[Fact, ...] = (fact,)
        question, style = language.ask(fact, chance, held_out=True), "simple"
        if len(found) % 5 == 4:
            second = chance.choice([other for other in world.about(fact.entity) if other != fact])
            facts = (fact, second)
            question, style = language.ask_both(fact, second, chance, held_out=True), "two-part"
        elif len(found) % 5 == 2:
            question, style = language.opened(question, chance, _people(world)), "casual"
        if question in asked:
            continue
        asked.add(question)
        found.append(
            {
                "id": f"{prefix}{len(found) + 1:02d}",
                "topic": _topic(world, fact),
                "question": question,
                "reference_answer": " ".join(language.state(f) for f in facts),
                "key_facts": [{"fact": language.state(f), "any_of": variants(f.value)} for f in facts],
                "style": style,
            }
        )
    return found


def variants(value: str) -> list[str]:
    """Ways to write a value that all count as the same."""
    found = [value]
    if match := re.fullmatch(r"\$([\d,]+)", value):
        plain = match[1].replace(",", "")
        found += [f"${plain}", f"{match[1]} dollars", f"{plain} dollars"]
    if match := re.fullmatch(r"(?:the|an?) (.+)", value):
        found.append(match[1])
    return list(dict.fromkeys(found))


def _pairs(world: World, chance: random.Random, count: int) -> list[tuple[str, str]]:
    facts = chance.sample(world.facts, count)
    return [
        (language.opened(language.ask(fact, chance), chance, _people(world)), language.state(fact)) for fact in facts
    ]


def _export_text(world: World, chance: random.Random) -> str:
    """What comes out of a question-and-answer app by copy and paste, with the usual slips."""
    pairs = _pairs(world, chance, 12)
    lines = [f"Questions and answers about {world.place}", ""]
    for number, (question, answer) in enumerate(pairs[:6], start=1):
        lines += [f"{number}. Q: {question}", f"   A: {answer}", ""]
    for question, answer in pairs[6:]:
        lines += [f"**Question:** {question}", f"**Answer:** {answer}", ""]
    # Three slips that a review should find: a doubled row, an answer that is missing, and the app's own closing words.
    lines += [f"Q: {pairs[2][0]}", f"A: {pairs[2][1]}", "", f"Q: {pairs[7][0]}", "A:", ""]
    lines += ["I hope these questions are helpful! Let me know if you need more.", ""]
    return "\n".join(lines)


def _export_json(world: World, chance: random.Random) -> str:
    rows = [{"question": question, "answer": answer} for question, answer in _pairs(world, chance, 10)]
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def _lines(rows: list[Any]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def main(argv: list[str] | None = None) -> int:
    """The command line of this module."""
    given = sys.argv[1:] if argv is None else argv
    root = Path(given[0]) if given else Path("datasets") / "tiny"
    for world in shipped_worlds():
        for name, text in build(world).items():
            path = root / world.sector.id / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
        print(f"{root / world.sector.id}: {len(world.facts)} facts, {ROWS} practice rows")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
