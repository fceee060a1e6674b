"""Whether this workspace tells its class how far it is. Off until somebody who was told what is told switches it on."""

from __future__ import annotations

import html
import json
import secrets
from dataclasses import asdict, dataclass
from typing import Literal

from workshop_kit.errors import BadInput
from workshop_kit.settings import workspace_root
from workshop_kit.workspace import write_atomically

CONSENT = (
    "What your instructor gets: which step you are at, whether its checkpoint was ok, and how many seconds it took. "
    "No code, no rows, no answers, no text of yours. With as_='team' it comes under your team and the name you joined "
    "with; with as_='anonymous' under a random number that leads back to nobody. It helps the instructor to see who is "
    "stuck. Nothing in the workshop depends on it; stop_sharing() ends it at any time, and forget_me() deletes "
    "what was told."
)
FILE = "sharing.json"


@dataclass(frozen=True)
class Sharing:
    """What was chosen; `anonymous` is the random word that stands for a name, '' when the name is told."""

    on: bool = False
    anonymous: str = ""
    word: str = ""  # kept while the name is told, so that all can be forgotten

    def __str__(self) -> str:
        if not self.on:
            return f"Sharing is off. {CONSENT}"
        return f"Sharing is on, {'without a name' if self.anonymous else 'under your name and team'}. {CONSENT}"

    def _repr_html_(self) -> str:
        return f"<p role='note' style='border-left:6px solid #0072B2;padding-left:8px'>{html.escape(str(self))}</p>"


def current_sharing() -> Sharing:
    """What this workspace has chosen; off when nothing was, or when the file can't be read."""
    try:
        told = json.loads((workspace_root() / "league" / FILE).read_text(encoding="utf-8"))
        return Sharing(bool(told["on"]), str(told["anonymous"]), str(told["word"]))
    except (OSError, ValueError, KeyError, TypeError):
        return Sharing()


def share_progress(as_: Literal["team", "anonymous"]) -> Sharing:
    """Agree to what CONSENT says, under the name this workspace joined with or without one."""
    if as_ not in ("team", "anonymous"):
        raise BadInput(f"as_ is {as_!r}; it may be 'team' or 'anonymous'.")
    word = current_sharing().word or secrets.token_hex(16)
    return _keep(Sharing(True, word if as_ == "anonymous" else "", word))


def stop_sharing() -> Sharing:
    """End it; what was told before stays with the class until forget_me()."""
    return _keep(Sharing(False, "", current_sharing().word))


def _keep(chosen: Sharing) -> Sharing:
    path = workspace_root() / "league" / FILE
    write_atomically(path, json.dumps(asdict(chosen)) + "\n")
    path.chmod(0o600)
    return chosen
