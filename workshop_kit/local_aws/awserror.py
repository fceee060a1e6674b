"""The one exception that handlers raise; the protocol layer writes it as the service's own error."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


class AwsError(Exception):
    """An error answer. Where `code` is modelled for the service, its shape and HTTP status are used.

    `status` overrides the HTTP status (400 when neither says); `fields` fills further members of the error's shape.
    """

    def __init__(
        self, code: str, message: str, *, status: int | None = None, fields: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.fields = dict(fields or {})
