"""One request to the league: who asks, what is tried again, and its errors in a sentence."""

from __future__ import annotations

import random
import time
from typing import Any

import requests

from workshop_kit.errors import LeagueProblem
from workshop_kit.league.client.membership_file import token_for
from workshop_kit.settings import DEFAULT_DOMAIN, league_url, workspace_root

TIMEOUT = 30.0
ATTEMPTS = 5
# What a league, or the proxy before it, says while it is busy or being started again.
WAIT = (429, 502, 503, 504)


class Unreachable(LeagueProblem):
    """Nobody answered, however often it was tried."""


def server_url(domain: str = DEFAULT_DOMAIN) -> str:
    """The league to talk to: the one WORKSHOP_LEAGUE_URL names, else this workspace's own, started if need be."""
    from workshop_kit.league import process

    told = league_url()
    return told.rstrip("/") if told else process.start(workspace_root(), domain).url


def call(method: str, url: str, *, token: str | None = None, **options: Any) -> Any:
    """One request to the league, tried again while nobody answers or it says to wait; a repeat acts once by its key.

    It bears `token`, else the one this workspace has for that league. Raises LeagueProblem with the league's own
    sentence, and Unreachable when nobody answers.
    """
    address = url.rpartition("/api/")[0]
    bearer = (token or token_for(address) or "").strip()
    if not (bearer.isascii() and bearer.isprintable()):
        raise LeagueProblem(f"The token for the league at {address} holds characters that no token has; join again.")
    headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
    for attempt in range(1, ATTEMPTS + 1):
        try:
            reply = requests.request(method, url, timeout=TIMEOUT, headers=headers, **options)
            if reply.status_code not in WAIT or attempt == ATTEMPTS:
                break
            time.sleep(random.uniform(0.5, 1.0) * 2**attempt)
        except requests.RequestException as problem:
            if attempt == ATTEMPTS:
                raise Unreachable(
                    f"The league at {address} can't be reached ({type(problem).__name__}); ask its host, "
                    "or unset WORKSHOP_LEAGUE_URL to use a local one."
                ) from None
            time.sleep(random.uniform(0.5, 1.0) * 0.2 * 2**attempt)
    try:
        told = reply.json()
        if not isinstance(told, dict):
            raise ValueError("no object")
    except ValueError:
        if reply.status_code in WAIT:
            raise Unreachable(f"The league at {address} does not answer (status {reply.status_code}).") from None
        raise LeagueProblem(f"What answers at {address} is not a league; check WORKSHOP_LEAGUE_URL.") from None
    if reply.status_code >= 400:
        error = told.get("error")
        message = error.get("message") if isinstance(error, dict) else None
        kind = Unreachable if reply.status_code in WAIT else LeagueProblem
        raise kind(message or f"The league answered with status {reply.status_code}.")
    return told
