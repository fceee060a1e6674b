"""A reward function's source as the zip that Lambda's CreateFunction takes."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from workshop_kit.errors import BadInput

_FOLDER = Path(__file__).parent / "functions"
_PROMPTS = Path(__file__).parent / "judge_prompts"
REWARDS = tuple(sorted(path.stem for path in _FOLDER.glob("[a-z]*.py")))
JUDGES = tuple(sorted(path.stem for path in _PROMPTS.glob("*.txt")))
MODULE = "reward"
HANDLER = f"{MODULE}.handler"


def source_of(reward: str | Path) -> str:
    """The source of a reward function: a name of REWARDS, the path of a file, or the source itself.

    Raises BadInput when there is no such function or file.
    """
    text = str(reward)
    if text in REWARDS:
        return (_FOLDER / f"{text}.py").read_text(encoding="utf-8")
    if "\n" in text:
        return text
    path = Path(text)
    if not path.is_file():
        raise BadInput(f"There is no reward function {text!r}: give a file, or one of {', '.join(REWARDS)}.")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise BadInput(f"{path} can't be read: {problem}.") from None


def judge_prompt(judge: str | Path) -> str:
    """A judge's prompt: a name of JUDGES, a file, or the prompt itself. Raises BadInput when it lacks a place."""
    text = str(judge)
    if text in JUDGES:
        return (_PROMPTS / f"{text}.txt").read_text(encoding="utf-8")
    prompt = text if "\n" in text else None
    if prompt is None:
        if not Path(text).is_file():
            raise BadInput(f"There is no judge prompt {text!r}: give a file, or one of {', '.join(JUDGES)}.")
        prompt = Path(text).read_text(encoding="utf-8")
    missing = [place for place in ("{conversation}", "{answer}") if place not in prompt]
    if missing:
        raise BadInput(f"The judge's prompt has no {' and no '.join(missing)}; the text to grade goes there.")
    return prompt


def pack(reward: str | Path, judge: str | Path | None = None) -> bytes:
    """The deployment package: reward.py, and the judge's prompt beside it for the reward "judge".

    The same source gives the same bytes. Raises BadInput for a source that is not Python or defines no handler.
    """
    source = source_of(reward)
    try:
        compiled = compile(source, f"{MODULE}.py", "exec")
    except SyntaxError as problem:
        raise BadInput(f"The reward function is not Python: line {problem.lineno}: {problem.msg}.") from None
    if "handler" not in compiled.co_names:
        raise BadInput("The reward function defines no handler(event, context).")
    files = {f"{MODULE}.py": source}
    if judge is not None or str(reward) == "judge":
        files["prompt.txt"] = judge_prompt(judge or "instruction_following")
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name, (2025, 1, 1, 0, 0, 0)), text)
    return data.getvalue()
