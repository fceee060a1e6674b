"""Checks a request against the service's model, and words what is wrong as AWS words it."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Any

from botocore.validate import ParamValidator

from workshop_kit.local_aws.awserror import AwsError
from workshop_kit.local_aws.protocol import Operation

# AWS's name for a refused request, where it is not ValidationException.
CODES = {"logs": "InvalidParameterException", "service-quotas": "IllegalArgumentException"}
# Values that the services take although botocore's model doesn't list them.
ALSO_VALID = {"EvaluationTaskType": {"General"}}
# Java's character classes that Python's re doesn't have, inside of [] and outside.
CLASSES = {
    r"\p{Alnum}": "a-zA-Z0-9",
    r"\p{ASCII}": "\x00-\x7f",
    r"\p{Print}": "\x20-\x7e",
}
MOST_REPORTED = 10
_INSIDE = re.compile(r"\[[^\]]*\]")


def validate(operation: Operation, params: dict[str, Any]) -> None:
    """Raise the service's validation error when `params` break the model of `operation`."""
    shape = operation.model.input_shape
    if shape is None:
        return
    code = CODES.get(operation.service, "ValidationException")
    wrong = list(_problems(shape, params, ""))
    if wrong:
        many = "s" if len(wrong) > 1 else ""
        found = "; ".join(wrong[:MOST_REPORTED])
        raise AwsError(code, f"{len(wrong)} validation error{many} detected: {found}", status=400)
    report = ParamValidator().validate(params, shape)
    if report.has_errors():
        raise AwsError("SerializationException", report.generate_report().replace("\n", " "), status=400)


def _problems(shape: Any, value: Any, path: str) -> Iterator[str]:
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict) and not shape.is_document_type:
        for name in shape.required_members:
            # A payload that is a stream or blob may be empty, which is no value in HTTP.
            if value.get(name) is None and shape.members[name].type_name != "blob":
                yield _says("null", _below(path, name), "Member must not be null")
        for name, inner in value.items():
            if name in shape.members and inner is not None:
                yield from _problems(shape.members[name], inner, _below(path, name))
    elif kind == "list" and isinstance(value, list):
        yield from _bounds(shape, len(value), value, path, "length")
        for index, inner in enumerate(value, 1):
            yield from _problems(shape.member, inner, f"{path}.{index}.member")
    elif kind == "map" and isinstance(value, dict):
        yield from _bounds(shape, len(value), value, path, "length")
        for key, inner in value.items():
            for constraint in _constraints(shape.key, key):
                yield _says(key, path, f"Map keys must satisfy constraint: [{constraint}]")
            if shape.value.type_name in ("structure", "list", "map"):
                yield from _problems(shape.value, inner, f"{path}.{key}.member")
            else:
                for constraint in _constraints(shape.value, inner):
                    yield _says(inner, path, f"Map value must satisfy constraint: [{constraint}]")
    else:
        for constraint in _constraints(shape, value):
            yield _says(value, path, constraint)


def _constraints(shape: Any, value: Any) -> Iterator[str]:
    """What a plain value breaks."""
    if isinstance(value, str) and shape.type_name == "string":
        if shape.enum and value not in shape.enum and value not in ALSO_VALID.get(shape.name, ()):
            yield f"Member must satisfy enum value set: [{', '.join(shape.enum)}]"
            return
        yield from _limits(shape, len(value), "length")
        pattern = _compiled(shape.metadata.get("pattern", ""))
        if pattern and not pattern.fullmatch(value):
            yield f"Member must satisfy regular expression pattern: {shape.metadata['pattern']}"
    elif isinstance(value, bytes) and shape.type_name == "blob":
        yield from _limits(shape, len(value), "length")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if shape.type_name in ("integer", "long", "float", "double"):
            yield from _limits(shape, value, "value")


def _bounds(shape: Any, size: int, value: Any, path: str, noun: str) -> Iterator[str]:
    for constraint in _limits(shape, size, noun):
        yield _says(value, path, constraint)


def _limits(shape: Any, size: float, noun: str) -> Iterator[str]:
    least, most = shape.metadata.get("min"), shape.metadata.get("max")
    if least is not None and size < least:
        yield f"Member must have {noun} greater than or equal to {least}"
    if most is not None and size > most:
        yield f"Member must have {noun} less than or equal to {most}"


@functools.cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """The pattern for fullmatch; None for none, and for one in a dialect that Python's re doesn't read."""
    if not pattern:
        return None
    for java, python in CLASSES.items():
        pattern = _INSIDE.sub(lambda found, java=java, python=python: found[0].replace(java, python), pattern)  # type: ignore[misc]
        pattern = pattern.replace(java, f"[{python}]")
    try:
        return re.compile(pattern.replace(r"\z", r"\Z"))
    except re.error:
        return None


def _says(value: Any, path: str, constraint: str) -> str:
    shown = value if value == "null" else f"'{_shown(value)}'"
    return f"Value {shown} at '{path}' failed to satisfy constraint: {constraint}"


def _shown(value: Any) -> str:
    text = "[" + ", ".join(map(str, value)) + "]" if isinstance(value, list) else str(value)
    return text if len(text) <= 1000 else text[:1000] + "…"


def _below(path: str, name: str) -> str:
    name = name[:1].lower() + name[1:]
    return f"{path}.{name}" if path else name
