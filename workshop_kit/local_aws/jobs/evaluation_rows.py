"""The prompt dataset of an evaluation job: JSON lines, read and checked as Bedrock's guide describes them.

    {"prompt": text, "referenceResponse"?: text, "category"?: text,
     "modelResponses"?: [{"response": text, "modelIdentifier": the job's inferenceSourceIdentifier}]}

The guide: https://docs.aws.amazon.com/bedrock/latest/userguide/model-evaluation-prompt-datasets-judge.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any, BinaryIO

from workshop_kit.local_aws.jobs.reasons import JobFault

MOST_PROMPTS = 1000
# The longest dataset that is read: a thousand prompts of the length that a model here can take are far smaller.
MOST_BYTES = 64 << 20


@dataclass(frozen=True)
class Row:
    """One line of a dataset: what it says, whole (`record`), and the parts that are used.

    `response` is the answer that came with it, None where the job asks the model.
    """

    line: int
    record: dict[str, Any]
    prompt: str
    reference: str
    response: str | None


def read_rows(source: BinaryIO, uri: str, answered_by: str | None) -> list[Row]:
    """The rows of a dataset. `answered_by` is the inferenceSourceIdentifier, None where the job asks a model.

    Raises JobFault naming the address and the line of the first row that can't be used.
    """
    body = source.read(MOST_BYTES + 1)
    if len(body) > MOST_BYTES:
        raise JobFault(f"The dataset {uri} is larger than {MOST_BYTES >> 20} MB.")
    rows: list[Row] = []
    for number, line in enumerate(body.removeprefix(b"\xef\xbb\xbf").split(b"\n"), start=1):
        if line.strip():
            rows.append(_row(number, line, uri, answered_by))
    if not rows:
        raise JobFault(f"The dataset {uri} holds no prompt; each line is a JSON object with a prompt.")
    if len(rows) > MOST_PROMPTS:
        raise JobFault(f"The dataset {uri} holds {len(rows)} prompts; an evaluation job takes up to {MOST_PROMPTS}.")
    return rows


def _row(number: int, line: bytes, uri: str, answered_by: str | None) -> Row:
    where = f"The dataset {uri}, line {number}"
    try:
        record = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError):
        raise JobFault(f"{where} is not a JSON object in UTF-8.") from None
    if not isinstance(record, dict):
        raise JobFault(f"{where} is not a JSON object.")
    prompt = record.get("prompt")
    if not isinstance(prompt, str) or not prompt.strip():
        raise JobFault(f"{where}: the field 'prompt' must be text that is not blank.")
    for name in ("referenceResponse", "category"):
        if name in record and not isinstance(record[name], str):
            raise JobFault(f"{where}: the field '{name}' must be text.")
    response = None if answered_by is None else _response(record.get("modelResponses"), where, answered_by)
    return Row(number, record, prompt, record.get("referenceResponse", "").strip(), response)


def _response(given: Any, where: str, answered_by: str) -> str:
    if not isinstance(given, list) or len(given) != 1 or not isinstance(given[0], dict):
        raise JobFault(f"{where}: the field 'modelResponses' must be a list of one object.")
    for name in ("response", "modelIdentifier"):
        if not isinstance(given[0].get(name), str):
            raise JobFault(f"{where}: modelResponses needs the text '{name}'.")
    if given[0]["modelIdentifier"] != answered_by:
        raise JobFault(
            f"{where}: the modelIdentifier {given[0]['modelIdentifier']!r} is not the job's "
            f"inferenceSourceIdentifier {answered_by!r}."
        )
    return given[0]["response"]
