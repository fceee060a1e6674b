"""How often one may knock. Counted in this process: with several web processes each counts for itself."""

from __future__ import annotations

from workshop_kit.errors import LeagueProblem, require

# Wrong join codes from one address. Whole classes share an address: only wrong ones count, and there must be so many of
# them that no joker shuts the others out by typing. One in 30**10 codes is right: two weeks of this find a given one
# with a chance of 1 in 100 million.
WRONG_CODES = "300/minute"
SUBMISSIONS = "60/minute"  # from one team
WRITES = "600/minute"  # other changes by one token or voting device, or from one address without one
# Of a finale's audience, from one address: a whole hall shares one, and comes in the minute in which the code is shown.
NEW_DEVICES = "3000/minute"


class Limits:
    """Moving windows per name and key."""

    def __init__(self, **rates: str) -> None:
        limits = require("limits", extra="league")
        self._strategy = limits.strategies.MovingWindowRateLimiter(limits.storage.MemoryStorage())
        told = {"wrong codes": WRONG_CODES, "submissions": SUBMISSIONS, "writes": WRITES, "new devices": NEW_DEVICES}
        self._rates = {name: limits.parse(rate) for name, rate in (told | rates).items()}

    def spend(self, name: str, key: str) -> None:
        """Count one; raises LeagueProblem (429) when there were too many."""
        if not self._strategy.hit(self._rates[name], name, key):
            raise LeagueProblem(f"Too many {name} ({self._rates[name]}); wait a minute and try again.", status=429)

    def check(self, name: str, key: str) -> None:
        """Raise as `spend` does, without counting."""
        if not self._strategy.test(self._rates[name], name, key):
            raise LeagueProblem(f"Too many {name} ({self._rates[name]}); wait a minute and try again.", status=429)
