"""The few instructions in a prompt that a rule can check in an answer."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from workshop_kit.local_aws.standins.sentences import split_sentences

_WORDS = {
    word: n
    for n, word in enumerate(
        "one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen".split(), start=1
    )
}
_N = rf"(\d{{1,4}}|{'|'.join(_WORDS)})"
_MOST = r"(?:at most|no more than|up to|not more than|a maximum of|maximum|within|under|fewer than|less than)"
_QUOTED = r"[\"“']([^\"“”']{1,80})[\"”']"

Check = Callable[[re.Match[str], str], bool]


def _number(text: str) -> int:
    return _WORDS.get(text.lower(), 0) or int(text)


def _size(unit: str, answer: str) -> int:
    return len(answer.split()) if unit.startswith("word") else len(split_sentences(answer))


def _at_most(found: re.Match[str], answer: str) -> bool:
    limit = _number(found[1]) - (1 if re.match(r"fewer|less|under", found[0], re.IGNORECASE) else 0)
    return _size(found[2].lower(), answer) <= limit


def _exactly(found: re.Match[str], answer: str) -> bool:
    return _size(found[2].lower(), answer) == _number(found[1])


def _json(found: re.Match[str], answer: str) -> bool:
    try:
        json.loads(answer)
    except (ValueError, RecursionError):
        return False
    return True


def _listed(found: re.Match[str], answer: str) -> bool:
    lines = [line for line in answer.splitlines() if line.strip()]
    return bool(lines) and sum(bool(re.match(r"\s*(?:[-*•]|\d+[.)])\s", line)) for line in lines) * 2 >= len(lines)


def _quoted(test: Callable[[str, str], bool]) -> Check:
    return lambda found, answer: test(answer.lower(), found[1].lower())


# (what is asked, its check); the match is what the explanation shows.
_CHECKS: tuple[tuple[str, Check], ...] = (
    (rf"{_MOST} {_N} (words?|sentences?)", _at_most),
    (rf"(?<!than )(?:in|with|using) (?:exactly |just |only )?{_N} (words?|sentences?)\b", _exactly),
    (r"\b(?:in|as|valid|only) json\b", _json),
    (r"\b(?:bullet(?:ed)? (?:points?|list)|numbered list)\b", _listed),
    (r"\b(?:with|only|answer|just|say) yes or no\b", lambda _, answer: bool(re.match(r"(?:yes|no)\b", answer.lower()))),
    (r"\b(?:in )?(?:all )?(?:capital letters|upper ?case|all caps)\b", lambda _, answer: answer.isupper()),
    (r"\b(?:in )?(?:all )?lower ?case\b", lambda _, answer: answer.islower()),
    (rf"\b(?:do not|don't|never|without) (?:mention|us|say|writ)(?:e|ing)? (?:the word )?{_QUOTED}",
     _quoted(lambda answer, text: text not in answer)),
    (rf"\b(?:begin|start) (?:your answer )?with {_QUOTED}", _quoted(lambda answer, text: answer.startswith(text))),
    (rf"\bend (?:your answer )?with {_QUOTED}", _quoted(lambda answer, text: answer.rstrip().endswith(text))),
)  # fmt: skip
_COMPILED = tuple((re.compile(pattern, re.IGNORECASE), check) for pattern, check in _CHECKS)


def check_instructions(prompt: str, answer: str) -> list[tuple[str, bool]]:
    """(the instruction as the prompt words it, whether the answer keeps it) for each that a rule knows."""
    return [
        (found[0].strip(), check(found, answer.strip()))
        for pattern, check in _COMPILED
        for found in pattern.finditer(prompt)
    ]
