"""Habits of judges, switched on for teaching: WORKSHOP_JUDGE_BIAS="position=1.5,length=1,kindness=1", in points of ten.

    position   this many points for the answer that stands first: verdicts flip when the order is swapped
    length     this many points for an answer twice as long as the other, in proportion to the logarithm of the ratio
    kindness   this many points for a kind word, asked for or not

All are off unless set, and every verdict given under one says so.
"""

from __future__ import annotations

import logging
import math
import os
from collections.abc import Mapping, Sequence

from workshop_kit.local_aws.standins.grading import Grade
from workshop_kit.local_aws.standins.manner import manner

VARIABLE = "WORKSHOP_JUDGE_BIAS"
NAMES = ("position", "length", "kindness")
MOST = 10.0


def biases_in_force() -> dict[str, float]:
    """The biases that the environment switches on; one that can't be read is left out, and the log says so."""
    found: dict[str, float] = {}
    for part in filter(None, (piece.strip() for piece in os.environ.get(VARIABLE, "").split(","))):
        name, _, value = part.partition("=")
        try:
            points = float(value)
        except ValueError:
            points = math.nan
        if name.strip() not in NAMES or not 0 <= points <= MOST:
            logging.getLogger(__name__).warning(
                "%s has '%s'; it may have %s, each =0 to %g", VARIABLE, part, ", ".join(NAMES), MOST
            )
        elif points:
            found[name.strip()] = points
    return found


def lean(answers: Sequence[str], grades: Sequence[Grade], biases: Mapping[str, float]) -> float:
    """The points that biases add to the first answer's lead."""
    if not biases:
        return 0.0
    first, second = answers
    found = biases.get("position", 0.0)
    if first and second:
        found += biases.get("length", 0.0) * math.log2(len(first) / len(second))
    kind = [manner(answer, answer).kind for answer in answers]
    return found + biases.get("kindness", 0.0) * (kind[0] - kind[1])


def note_of(biases: Mapping[str, float]) -> str:
    """A sentence for the verdict's reason; '' with no bias."""
    if not biases:
        return ""
    return f" This judge is biased on purpose ({', '.join(f'{name} {points:g}' for name, points in biases.items())})."
