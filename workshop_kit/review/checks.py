"""Findings about single rows, and the mends that change nothing a row says."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace

from workshop_kit.formats.prompt import SPECIAL_TOKENS
from workshop_kit.records import Dataset, Example, Finding
from workshop_kit.review.duplicates import particulars, plain
from workshop_kit.review.lengths import estimate_tokens

MAX_TOKENS = 1024  # what JumpStart trains on when max_input_length is left at -1
_SPECIAL = re.compile("|".join(re.escape(token) for token in SPECIAL_TOKENS))
_INVISIBLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u200b\u200e\u200f\u2060\ufeff]")
_LABEL = re.compile(r"\A\s*(?:#+\s*)?(?:\*\*)?(?:answer|response|a)(?:\*\*)?\s*:(?:\*\*)?\s+(?=\S)", re.IGNORECASE)
_QUESTION_LABEL = re.compile(
    r"\A\s*(?:#+\s*)?(?:\*\*)?(?:question|instruction|q)\s*\d*(?:\*\*)?\s*:(?:\*\*)?\s+(?=\S)", re.IGNORECASE
)
_FENCE = re.compile(r"\A\s*```\w*\n(.*?)\n?```\s*\Z", re.DOTALL)
_ARTEFACT = re.compile(r"^#{2,}\s*(?:response|answer|instruction|input|question)\b|^```", re.IGNORECASE | re.MULTILINE)
_RESERVED = re.compile(r"^\s*(?:User|Bot|Assistant|System):|\[EOS\]|<image>|<video>", re.MULTILINE)
_PLACEHOLDER = re.compile(
    r"\{\w+\}|\[(?:insert|your|name|date|city)\b[^\]]*\]|\bTODO\b|\bTBD\b|lorem ipsum", re.IGNORECASE
)
_DISCLAIMER = re.compile(r"\bas an ai\b(?: language)?(?: model)?|\bi(?: a|')m just an ai\b", re.IGNORECASE)
_MOJIBAKE = re.compile("\ufffd|Ã[\u0080-\u00bf]|â€[\u0080-\u00bf™œ\u009d]")
_ENDING = re.compile(r"[.!?…。！？:;)\]}\"'”’»*`|]\s*\Z")


@dataclass(frozen=True)
class Check:
    """One thing that can be odd about a text; `mend` is set where a safe change exists."""

    code: str
    severity: str
    fields: tuple[str, ...]
    odd: Callable[[str], bool]
    message: str
    fix: str
    mend: Callable[[str], str] | None = None


BOTH = ("instruction", "response")
CHECKS: tuple[Check, ...] = (
    Check(
        "special-token", "error", (*BOTH, "context"), lambda t: bool(_SPECIAL.search(t)),
        "holds a mark of the prompt format, which the model would read as structure", "take the mark out",
        lambda t: _SPECIAL.sub("", t),
    ),
    Check(
        "invisible", "warning", (*BOTH, "context"), lambda t: bool(_INVISIBLE.search(t)),
        "holds invisible or control characters", "take them out", lambda t: _INVISIBLE.sub("", t),
    ),
    Check(
        "label", "warning", ("response",), lambda t: bool(_LABEL.match(t)),
        "begins with a label such as 'Answer:', which the model would learn to say", "take the label off",
        lambda t: _LABEL.sub("", t),
    ),
    Check(
        "label", "warning", ("instruction",), lambda t: bool(_QUESTION_LABEL.match(t)),
        "begins with a label such as 'Question:'", "take the label off", lambda t: _QUESTION_LABEL.sub("", t),
    ),
    Check(
        "fence", "warning", ("response",), lambda t: bool(_FENCE.match(t)),
        "is wrapped in a markdown fence", "unwrap it", lambda t: _FENCE.sub(r"\1", t),
    ),
    Check(
        "artefact", "warning", BOTH, lambda t: bool(_ARTEFACT.search(t)) and not _FENCE.match(t),
        "holds a leftover of a prompt template (### Response, a code fence)", "edit the row",
    ),
    Check(
        "reserved", "warning", BOTH, lambda t: bool(_RESERVED.search(t)),
        "holds a word that Bedrock's data format reserves (User:, Assistant:, [EOS], <image>)", "reword it",
    ),
    Check(
        "placeholder", "warning", BOTH, lambda t: bool(_PLACEHOLDER.search(t)),
        "holds a placeholder that was never filled in", "fill it in or drop the row",
    ),
    Check(
        "disclaimer", "warning", ("response",), lambda t: bool(_DISCLAIMER.search(t)),
        "speaks of itself as an AI instead of answering", "rewrite the answer",
    ),
    Check(
        "mojibake", "warning", BOTH, lambda t: bool(_MOJIBAKE.search(t)),
        "holds characters that were decoded wrongly", "restore them from the source",
    ),
    Check(
        "cut-off", "warning", ("response",), lambda t: len(t) > 60 and not _ENDING.search(t),
        "seems to break off: it ends without a full stop", "complete the answer",
    ),
    Check(
        "outer-space", "note", (*BOTH, "context"), lambda t: t != t.strip(),
        "begins or ends with white space", "trim it", str.strip,
    ),
)  # fmt: skip


def check_rows(
    dataset: Dataset, lines: Sequence[int] = (), file: str = "", max_tokens: int = MAX_TOKENS
) -> Iterator[Finding]:
    """Findings about each row; `lines` gives each row's line in `file`, else rows are counted from 1."""
    answers: dict[str, dict[str, int]] = defaultdict(dict)
    with_topics = any(example.topic for example in dataset)
    for number, example in enumerate(dataset):
        line = lines[number] if lines else number + 1

        def finding(
            check: Check, field: str, message: str = "", line: int = line, example: Example = example
        ) -> Finding:
            text = message or f"the {field} {check.message}"
            return Finding(
                check.severity,
                check.code,
                text,
                file,
                line,
                0,
                field,
                check.fix,
                example.id,
                bool(check.mend),
            )

        for check in CHECKS:
            for field in check.fields:
                text = getattr(example, field)
                if text and check.odd(text):
                    yield finding(check, field)
        for field in BOTH:
            if not getattr(example, field).strip():
                yield finding(_EMPTY, field)
        question, answer = plain(example.instruction), plain(example.response)
        if answer and answer == question:
            yield finding(_ECHO, "response")
        tokens = estimate_tokens(example.instruction + example.context + example.response)
        if tokens > max_tokens:
            yield finding(_LONG, "response", f"about {tokens} tokens; training cuts rows at {max_tokens}")
        if with_topics and not example.topic:
            yield finding(_NO_TOPIC, "topic")
        key = f"{question}\n{plain(example.context)}"
        # The same answer in other words is variety; other names or numbers are a contradiction.
        facts = " ".join(sorted(particulars(example.response))) or answer
        first = next(iter(answers[key].values()), None)
        if first is not None and facts not in answers[key]:
            yield finding(_CONTRADICTION, "response", f"the same question has another answer in line {first}")
        answers[key].setdefault(facts, line)


_EMPTY = Check("empty-field", "error", (), bool, "is empty", "fill it or drop the row")
_ECHO = Check("echo", "error", (), bool, "only repeats the question", "write an answer or drop the row")
_LONG = Check("too-long", "warning", (), bool, "", "shorten the row or raise max_input_length")
_NO_TOPIC = Check("no-topic", "note", (), bool, "is missing while other rows have one", "choose a topic")
_CONTRADICTION = Check("two-answers", "warning", (), bool, "", "keep the right one")


def mend(example: Example) -> Example:
    """The row with every safe mend made; the same row when there is nothing to mend."""
    changed = example
    for check in CHECKS:
        if check.mend:
            for field in check.fields:
                text = getattr(changed, field)
                if text and check.odd(text):
                    changed = replace(changed, **{field: check.mend(text)})
    return changed


def usable(example: Example) -> bool:
    """Whether a row has something to learn from: a question, and an answer that is not the question."""
    question, answer = plain(example.instruction), plain(example.response)
    filled = bool(example.instruction.strip() and example.response.strip())
    return filled and (not answer or answer != question)
