"""What writing costs, before and while it runs: prices of tokens, an estimate, a hard limit, and a pace.

Prices are on-demand, US East (N. Virginia), USD per million tokens, as https://aws.amazon.com/bedrock/pricing/ showed
them in 2025 (it names them per thousand); they differ by region and change: the bill is what counts.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from workshop_kit.authoring.converse import Usage
from workshop_kit.authoring.plan import Plan
from workshop_kit.errors import BadInput, KitError

PRICES_AS_OF = "2025"
CHARACTERS_PER_TOKEN = 4  # the usual rule of thumb for English; a letter outside ASCII counts as a token by itself
LOCAL = "workshop."  # local AWS's models, which cost nothing
# What a reply may take up at most, and what it usually takes: for the limit and for the estimate.
MOST_OUTPUT = {"questions": 1500, "answer": 800, "score": 400, "refine": 800}
USUAL_ANSWER, USUAL_QUESTION = 60, 20


@dataclass(frozen=True)
class TokenPrice:
    """USD per million tokens of a Bedrock model."""

    input: float
    output: float


TOKEN_PRICES: dict[str, TokenPrice] = {
    "amazon.nova-pro-v1:0": TokenPrice(0.8, 3.2),
    "amazon.nova-lite-v1:0": TokenPrice(0.06, 0.24),
    "amazon.nova-micro-v1:0": TokenPrice(0.035, 0.14),
}


class BudgetReached(KitError):
    """The next call could pass the limit; everything until then is kept."""


@dataclass(frozen=True)
class Budget:
    """A hard limit in USD, in tokens, or both. A call is made only if it can't pass the limit even at its longest.

    A prompt's tokens are counted by the rule of thumb before the call, and by the service's own count after it. Calls
    under way when the process is killed are paid and not counted: at most as many as there are workers.
    """

    usd: float | None = None
    tokens: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("usd", self.usd), ("tokens", self.tokens)):
            if value is not None and not (value > 0 and math.isfinite(value)):
                raise BadInput(f"The budget's {name} is {value}; it must be above 0.")


@dataclass(frozen=True)
class Estimate:
    """What a run will about take; `usd` is None where the model's price is not known."""

    model: str
    calls: int
    input_tokens: int
    output_tokens: int
    usd: float | None

    def __str__(self) -> str:
        cost = (
            f"the price of {self.model} is not known here: see https://aws.amazon.com/bedrock/pricing/"
            if self.usd is None
            else f"about {self.usd:.2f} USD (prices of {PRICES_AS_OF})"
            if self.usd
            else "no cost: a local model"
        )
        return (
            f"{self.calls:,} calls to {self.model}, about {self.input_tokens:,} tokens in and "
            f"{self.output_tokens:,} out (at {CHARACTERS_PER_TOKEN} characters a token); {cost}."
        )


def price_of(model: str) -> TokenPrice | None:
    """A model's price, its region's prefix aside; nothing for local models, None where it is not known."""
    if model.startswith(LOCAL):
        return TokenPrice(0.0, 0.0)
    return next((price for name, price in TOKEN_PRICES.items() if model == name or model.endswith("." + name)), None)


def usd(model: str, usage: Usage) -> float | None:
    """What tokens cost; None where the price is not known."""
    price = price_of(model)
    return None if price is None else (usage.input_tokens * price.input + usage.output_tokens * price.output) / 1e6


def tokens_of(*texts: str) -> int:
    """About how many tokens texts are; rather too many than too few for other languages than English."""
    plain = [len(text.encode("ascii", "ignore")) for text in texts]
    return sum(math.ceil(n / CHARACTERS_PER_TOKEN) + len(text) - n for text, n in zip(texts, plain, strict=True))


def estimate(plan: Plan, model: str) -> Estimate:
    """What carrying out a plan will about take: its real prompts, and answers of the usual length."""
    system = plan.templates.system
    into = sum(tokens_of(system, plan.question_prompt(item)) for item in plan.items)
    into += sum(item.count * tokens_of(system, plan.answer_prompt(item, "x" * 80)) for item in plan.items)
    out = plan.rows * (USUAL_QUESTION + USUAL_ANSWER)
    calls = len(plan.items) + plan.rows
    return Estimate(model, calls, into, out, usd(model, Usage(calls, into, out)))


NOTHING = Usage()


class Meter:
    """Counts what is spent and what calls under way may still take, against a budget."""

    def __init__(self, budget: Budget | None, model: str, spent: Usage = NOTHING) -> None:
        self.budget, self.model, self.spent = budget, model, spent
        self._reserved: dict[int, Usage] = {}
        self._next = 0
        if budget and budget.usd is not None and price_of(model) is None:
            raise BadInput(
                f"The price of {model} is not known, so a budget in USD can't be kept; limit tokens instead: "
                "Budget(tokens=...)."
            )

    def reserve(self, prompts: Iterable[str], kind: str) -> int | None:
        """Set aside what a call may take at most, its one repair included; None when the budget has no room for it."""
        into, out = tokens_of(*prompts), MOST_OUTPUT[kind]
        # A repair sends the conversation so far again, with the bad reply in it.
        worst = Usage(2, 2 * into + out + 100, 2 * out)
        total = sum(self._reserved.values(), self.spent + worst)
        if self.budget:
            if self.budget.tokens is not None and total.input_tokens + total.output_tokens > self.budget.tokens:
                return None
            if self.budget.usd is not None and (usd(self.model, total) or 0.0) > self.budget.usd:
                return None
        self._next += 1
        self._reserved[self._next] = worst
        return self._next

    def settle(self, ticket: int, usage: Usage) -> None:
        """A call is over: what it really took is spent."""
        self._reserved.pop(ticket, None)
        self.spent += usage

    def reached(self) -> BudgetReached:
        """The error to raise when reserve() gave None."""
        budget = self.budget or Budget()
        limits = [f"{budget.usd} USD"] if budget.usd is not None else []
        limits += [f"{budget.tokens:,} tokens"] if budget.tokens is not None else []
        limit = " and ".join(limits)
        cost = usd(self.model, self.spent)
        took = f"{self.spent.input_tokens + self.spent.output_tokens:,} tokens" + (f", {cost:.4f} USD" if cost else "")
        return BudgetReached(f"The budget of {limit} has no room for another call ({took} spent); raise it to go on.")


@dataclass
class Pace:
    """At most so many calls a minute, evenly: a bucket that holds a few calls and fills steadily.

    Any thread may ask; a pace shared by several runs holds for all of them together.
    """

    per_minute: float | None = None
    burst: int = 4
    clock: Callable[[], float] = time.monotonic
    _held: float = field(default=-1.0, repr=False)
    _at: float = field(default=0.0, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.per_minute is not None and not self.per_minute > 0:
            raise BadInput(f"calls_per_minute is {self.per_minute}; it must be above 0.")

    def ready(self) -> bool:
        """Whether a call may be made now; a yes counts as the call."""
        if self.per_minute is None:
            return True
        with self._lock:
            now = self.clock()
            if self._held < 0:
                self._held, self._at = float(self.burst), now
            self._held = min(float(self.burst), self._held + (now - self._at) * self.per_minute / 60)
            self._at = now
            if self._held < 1:
                return False
            self._held -= 1
            return True
