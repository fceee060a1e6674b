"""The travel desk: questions in 22 intents. `python -m workshop_kit.local_aws.foundry.intents` writes them.

The labels are those that the ATIS corpus made known; every sentence is made here, from the templates below. As in ATIS
most questions are about flights, so that a classifier that always says so looks better than it is. Test questions use
phrasings that training never shows, beside those it does.
"""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

SYSTEM = "Name the kind of this traveller's question."
SIZES = {"train": 1200, "validation": 150, "test": 300}
SEED = 7

# Towns and carriers of the base model's own worlds: it reads their names as one word each.
TOWNS = "Calder Harrow Norvale Ostwick Pinecrest Stonegate Tarrant Wexholm Brackmoor Dunmere".split()
WORDS: dict[str, tuple[str, ...]] = {
    "a": tuple(TOWNS),
    "b": tuple(TOWNS),
    "day": ("today", "next week", "this week", "on the holiday", "on day two", "on day five"),
    "hour": ("six", "nine", "ten", "five", "four", "eighteen"),
    "line": ("Skylark", "Meridian Air", "Osprey Air", "Heron Air", "Juniper Air", "Harbor Air"),
    "class": ("business", "polite class", "cabin", "first class"),
    "plane": ("M80", "D10", "J31", "B57", "F28", "S72"),
    "code": ("QX", "YN", "F7", "AP", "B1", "HP", "QW", "SA"),
    "no": ("12", "21", "30", "41", "50", "63", "71", "83"),
    "meal": ("food", "tea", "cold food"),
    "ride": ("taxi", "bus", "rented car", "bicycle"),
}

# label -> (share of all rows in percent, phrasings). The fifth phrasing and every sixth after it are for the test.
INTENTS: dict[str, tuple[float, tuple[str, ...]]] = {
    "flight": (
        70.0,
        (
            "show me flights from {a} to {b}",
            "I want to fly from {a} to {b} {day}",
            "is anything going from {a} to {b} {day}",
            "list {line} flights from {a} to {b}",
            "which flights leave {a} for {b} after {hour}",
            "I need a flight to {b} from {a} {day}",
            "get me out of {a} and into {b} by {hour}",
            "are there nonstop flights between {a} and {b}",
            "find a {class} flight from {a} to {b}",
            "what flights go from {a} to {b} with a stop in {b2}",
            "could you book me through to {b} from {a} {day}",
            "please give me the flights to {b} that leave {a} {day}",
            "what leaves {a} for {b} {day}",
            "show all flights from {a} to {b}",
            "anything from {a} to {b} before {hour} would do",
            "does {line} fly from {a} to {b} {day}",
            "I have to be in {b} {day} and start from {a}",
            "how do I fly to {b} from {a} {day}",
        ),
    ),
    "airfare": (
        9.0,
        (
            "what is the fare from {a} to {b}",
            "how much is a {class} ticket from {a} to {b}",
            "what does it cost me to go from {a} to {b} by air",
            "show me round trip fares between {a} and {b}",
            "what would I pay for a ticket to {b} from {a} {day}",
            "how much does {line} charge from {a} to {b}",
            "price of a seat from {a} to {b} please",
        ),
    ),
    "ground_service": (
        4.5,
        (
            "what ground transportation is there in {a}",
            "how do I get downtown from the airport in {a}",
            "is somebody picking people up at the airport of {a}",
            "can I take a {ride} from the airport in {a}",
            "show me ground transportation in {a}",
            "is there a {ride} between the airport and downtown {a}",
            "which way is best into {a} once I have landed",
        ),
    ),
    "airline": (
        3.0,
        (
            "which airlines fly from {a} to {b}",
            "what airline serves {a}",
            "who flies between {a} and {b}",
            "which airline goes to {b} {day}",
            "name the carriers that leave {a} {day}",
            "what airline is {code}",
        ),
    ),
    "abbreviation": (
        2.5,
        (
            "what does {code} mean",
            "what is fare code {code}",
            "spell out {code} for me",
            "explain the code {code}",
            "what does the abbreviation {code} stand for",
            "define {code}",
        ),
    ),
    "aircraft": (
        1.5,
        (
            "what kind of aircraft flies from {a} to {b}",
            "which plane does {line} use to {b}",
            "what machine will I sit in from {a} to {b}",
            "what type of plane is flight {no}",
            "tell me the aircraft used between {a} and {b}",
        ),
    ),
    "flight_time": (
        1.0,
        (
            "what time does flight {no} leave {a}",
            "when does {line} flight {no} arrive in {b}",
            "at which hour is {no} due in {b}",
            "give me the departure times from {a} to {b}",
            "what are the schedules from {a} to {b}",
        ),
    ),
    "quantity": (
        1.0,
        (
            "how many flights does {line} have to {b}",
            "how many {line} flights leave {a} {day}",
            "count the flights from {a} to {b}",
            "how many planes does {line} have",
            "what number of flights goes to {b} each week",
        ),
    ),
    "flight+airfare": (
        0.8,
        (
            "show me flights and fares from {a} to {b}",
            "which flights from {a} to {b} are there and what do they cost",
            "flights to {b} out of {a} with their prices please",
            "list flights with fares between {a} and {b}",
            "give me the flights from {a} to {b} and the fare of each",
        ),
    ),
    "airport": (
        0.7,
        (
            "which airports are near {a}",
            "what is the name of the airport in {a}",
            "where do planes land in {a}",
            "list the airports of {a}",
            "how many airports does {a} have",
        ),
    ),
    "distance": (
        0.7,
        (
            "how far is the airport from downtown {a}",
            "what is the distance from {a} airport to the city",
            "is it a long way from the airport into {a}",
            "how many miles is it from the airport to {a}",
            "how long is the distance between the airport and {a}",
        ),
    ),
    "city": (
        0.6,
        (
            "where is {code}",
            "what city is the airport {code} in",
            "which town has the airport {code}",
            "what cities does {line} serve",
            "which cities can I reach with {line}",
        ),
    ),
    "ground_fare": (
        0.6,
        (
            "how much is a {ride} into {a}",
            "what does the {ride} from the airport cost in {a}",
            "price of a {ride} in {a}",
            "what do I pay for a {ride} in {a}",
            "how much does ground transportation cost in {a}",
        ),
    ),
    "capacity": (
        0.6,
        (
            "how many people fit in a {plane}",
            "what is the seating capacity of the {plane}",
            "how many seats are in the {plane}",
            "how many passengers does a {plane} take",
            "seats on a {plane} please",
        ),
    ),
    "flight_no": (
        0.6,
        (
            "what is the flight number from {a} to {b} on {line}",
            "give me the number of the flight {day} to {b}",
            "under which number does {line} fly to {b}",
            "flight number of the {line} plane leaving {a}",
            "tell me the flight number of the flight to {b}",
        ),
    ),
    "meal": (
        0.5,
        (
            "what meals are served on flight {no}",
            "do I get {meal} on the flight to {b}",
            "is there anything to eat between {a} and {b}",
            "does {line} serve {meal} to {b}",
            "what is served for {meal} on {no}",
        ),
    ),
    "restriction": (
        0.5,
        (
            "what restrictions does fare {code} have",
            "is ticket {code} restricted",
            "what am I not allowed with {code}",
            "tell me the restrictions on the fare to {b}",
            "which restrictions apply to {class} tickets",
        ),
    ),
    "airline+flight_no": (
        0.5,
        (
            "which airline and flight number goes from {a} to {b}",
            "give me airline and flight number for the plane {day} to {b}",
            "carrier and number of the plane to {b}",
            "tell me the airline and the flight number from {a}",
        ),
    ),
    "ground_service+ground_fare": (
        0.5,
        (
            "what ground transportation is there in {a} and what does it cost",
            "which {ride} goes downtown in {a} and how much is it",
            "ways into {a} from the airport with their prices",
            "list ground transportation in {a} with fares",
        ),
    ),
    "airfare+flight_time": (
        0.5,
        (
            "what is the fare to {b} and when does the flight leave",
            "give me price and times from {a} to {b}",
            "cost and departure of the next plane to {b}",
            "fare and schedule between {a} and {b} please",
        ),
    ),
    "cheapest": (
        0.5,
        (
            "what is the cheapest way to {b}",
            "show me the cheapest one",
            "the least expensive one please",
            "which of them is the cheapest",
            "cheapest from {a}",
        ),
    ),
    "aircraft+flight+flight_no": (
        0.4,
        (
            "list plane, flight and flight number from {a} to {b}",
            "give me the flight to {b} with its aircraft and number",
            "aircraft, flight and number for {a} to {b} please",
            "which flight, on what plane and under which number, goes to {b}",
        ),
    ),
}
LABELS = tuple(INTENTS)


def phrasings(label: str, split: str) -> list[str]:
    """The templates of an intent that a split draws from: some are kept for the test."""
    templates = INTENTS[label][1]
    kept = [template for n, template in enumerate(templates) if n % 6 != 4]
    return list(templates) if split == "test" else kept


def rows(split: str, taken: set[str]) -> list[tuple[str, str]]:
    """(question, label) pairs of a split; questions in `taken` are not used again, and new ones are added to it."""
    chance = random.Random(f"{SEED}/{split}")
    total = sum(share for share, _ in INTENTS.values())
    least = {"train": 6, "validation": 1, "test": 2}[split]
    counts = {label: max(least, round(SIZES[split] * share / total)) for label, (share, _) in INTENTS.items()}
    counts["flight"] += SIZES[split] - sum(counts.values())
    found: list[tuple[str, str]] = []
    for label, count in counts.items():
        templates = phrasings(label, split)
        for number in range(count):
            question = _new(templates, number, chance, taken)
            taken.add(question)
            found.append((question, label))
    chance.shuffle(found)
    return found


def _new(templates: list[str], number: int, chance: random.Random, taken: set[str]) -> str:
    for attempt in range(1000):
        question = _filled(templates[(number + attempt) % len(templates)], chance)
        if question not in taken:
            return question
    raise ValueError(f"The phrasings {templates} have no words left that were not used; add some.")


def _filled(template: str, chance: random.Random) -> str:
    used: list[str] = []

    def word(found: re.Match[str]) -> str:
        options = [option for option in WORDS[found[1].rstrip("2")] if option not in used]
        used.append(chance.choice(options))
        return used[-1]

    return re.sub(r"\{(\w+)\}", word, template)


def conversation(question: str, label: str, system: str = SYSTEM) -> dict:
    """A row in Bedrock's form for supervised fine-tuning."""
    return {
        "schemaVersion": "bedrock-conversation-2024",
        "system": [{"text": system}],
        "messages": [
            {"role": "user", "content": [{"text": question}]},
            {"role": "assistant", "content": [{"text": label}]},
        ],
    }


def write(folder: Path) -> None:
    """Write the three splits, the labels and the system prompt."""
    folder.mkdir(parents=True, exist_ok=True)
    taken: set[str] = set()
    for split in SIZES:
        lines = [json.dumps(conversation(*pair), ensure_ascii=False) + "\n" for pair in rows(split, taken)]
        (folder / f"{split}.jsonl").write_text("".join(lines), encoding="utf-8")
    about = {"system": SYSTEM, "labels": list(LABELS)}
    (folder / "intents.json").write_text(json.dumps(about, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write(Path(__file__).resolve().parents[3] / "datasets" / "travel-intents")
