"""The tokens that this workspace has for leagues: a file that only its owner reads, no part of any notebook."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from workshop_kit.settings import league_url, workspace_root
from workshop_kit.workspace import write_atomically


def _path() -> Path:
    return workspace_root() / "league" / "memberships.json"


def _read() -> dict[str, Any]:
    try:
        found = json.loads(_path().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def token_for(address: str) -> str | None:
    """The token for a league: WORKSHOP_LEAGUE_TOKEN if set, else the one kept when this workspace joined.

    With WORKSHOP_LEAGUE_URL set the former is that league's, and no other gets to see it.
    """
    told, meant = os.environ.get("WORKSHOP_LEAGUE_TOKEN"), league_url()
    if told and (not meant or meant.rstrip("/") == address.rstrip("/")):
        return told
    kept = _read().get(address.rstrip("/"))
    return kept.get("token") if isinstance(kept, dict) else None


def keep_token(address: str, token: str, team: str) -> None:
    """Keep a token; on disk, and readable for its owner alone, before this returns."""
    path = _path()
    write_atomically(path, json.dumps(_read() | {address.rstrip("/"): {"token": token, "team": team}}, indent=1) + "\n")
    path.chmod(0o600)


def team_for(address: str) -> str:
    """The name of the team this workspace is in, '' when it joined none."""
    kept = _read().get(address.rstrip("/"))
    return str(kept.get("team", "")) if isinstance(kept, dict) else ""
