"""The audience's devices: a random name in a signed cookie, one vote each.

A device is a browser. Whoever clears its cookies or takes another browser is another device: this keeps honest people
to one vote and stops nobody who is set on more, which is why the audience's part weighs least.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets

COOKIE = "finale_device"
_FORM = re.compile(r"([0-9a-f]{32})\.([0-9a-f]{64})")


def new_device(secret: str, name: str = "") -> str:
    """A cookie for a new device, or in this finale for one that has a name from another of the same league."""
    name = name or secrets.token_hex(16)
    return f"{name}.{_signature(secret, name)}"


def device_of(secret: str, cookie: str | None) -> str | None:
    """The device's name in a cookie that this finale signed, else None."""
    found = _FORM.fullmatch(cookie or "")
    if not found or not hmac.compare_digest(found[2], _signature(secret, found[1])):
        return None
    return found[1]


def _signature(secret: str, name: str) -> str:
    return hmac.new(secret.encode(), name.encode(), hashlib.sha256).hexdigest()
