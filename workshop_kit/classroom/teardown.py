"""After the event: everything of the kit's removed from every account, and a signed report that nothing is left.

The report is written after each account, and a further run adds to it: what an earlier one removed stays in it, and so
does an account that was never reached, until it is. An account that was named by mistake leaves it when teardown.json
is moved away.
"""

from __future__ import annotations

import html
import json
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from workshop_kit.aws.account_list import Account, open_accounts
from workshop_kit.cleanup import Item, find, remove
from workshop_kit.errors import BadInput, KitError
from workshop_kit.records import content_id, html_table
from workshop_kit.workspace import write_atomically

JSON, PAGE = "teardown.json", "teardown.html"


@dataclass(frozen=True)
class AccountTeardown:
    """One account and region: what was found at first, what is gone since, and the last listing."""

    account_id: str
    region: str
    team: str
    found: tuple[str, ...]
    removed: tuple[str, ...]
    left: tuple[str, ...]  # the last listing, made after everything was removed
    listed: str  # when that was, UTC
    problem: str = ""
    named: str = ""  # how the list of accounts named one that was not reached

    @property
    def key(self) -> tuple[str, str]:
        """What tells this account and region from the others."""
        return self.called, self.region

    @property
    def called(self) -> str:
        """The account's number, or what the list of accounts says where it was not reached."""
        return self.account_id or self.named or self.team

    @property
    def clean(self) -> bool:
        """Whether the last listing was made and is empty."""
        return not self.left and not self.problem


@dataclass(frozen=True)
class Teardown:
    """All accounts; `who` answers for it."""

    accounts: tuple[AccountTeardown, ...]
    who: str
    at: str
    began: str  # when this run did, UTC: what was listed before that was listed by an earlier one

    @property
    def clean(self) -> bool:
        """Whether nothing of the kit's is left in any account, as far as each was last listed."""
        return bool(self.accounts) and all(account.clean for account in self.accounts)

    @property
    def earlier(self) -> tuple[AccountTeardown, ...]:
        """The accounts that this run did not look into, so that an older listing stands."""
        return tuple(account for account in self.accounts if account.listed and account.listed < self.began)

    @property
    def verdict(self) -> str:
        """The report in one sentence."""
        removed = sum(len(account.removed) for account in self.accounts)
        if self.clean:
            told = f"Nothing is left: {removed} things were removed from {len(self.accounts)} accounts and regions."
        else:
            left = sum(len(a.left) for a in self.accounts)
            failed = [a.called for a in self.accounts if a.problem]
            which = f" ({', '.join(failed)})" if failed else ""
            told = (
                f"Not finished: {left} things are still there and {len(failed)} accounts could not be looked into"
                f"{which}; run it again."
            )
        if not self.earlier:
            return told
        names = ", ".join(f"{a.called} {a.region} ({a.listed})" for a in self.earlier)
        return f"{told} Not listed anew by this run, but last at the time given: {names}."

    @property
    def signature(self) -> str:
        """A content hash of the report; it changes with any word of it."""
        return content_id([self.who, self.at, self.began, [asdict(account) for account in self.accounts]])

    def to_html(self) -> str:
        """The report as a page of its own."""
        parts = []
        for a in self.accounts:
            state = "nothing is left" if a.clean else a.problem or f"{len(a.left)} still there"
            rows: list[list[object]] = [[item, "removed" if item in a.removed else "still there"] for item in a.found]
            rows += [[item, "still there"] for item in a.left if item not in a.found]
            shown = html_table(["found", ""], rows) if rows else "<p>Nothing of the kit's was found.</p>"
            last = ", ".join(a.left) or ("no thing of the kit's" if not a.problem else "could not be made")
            last += ", by an earlier run" if a in self.earlier else ""
            parts.append(
                f"<h2>{html.escape(a.account_id or f'Not reached: {a.called}')} {html.escape(a.region)}"
                f"{' · ' + html.escape(a.team) if a.team and a.account_id else ''}: {html.escape(state)}</h2>{shown}"
                f"<p>Last listing, {html.escape(a.listed or 'never')}: {html.escape(last)}.</p>"
            )
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" '
            'content="width=device-width, initial-scale=1"><title>Teardown</title><style>body{font:16px/1.5 '
            "system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1d2430;background:#fff}"
            "table{border-collapse:collapse}td,th{border-bottom:1px solid #d0d7de;padding:.25rem 1rem .25rem 0}"
            "h2{font-size:1.05rem;margin-top:1.6rem;overflow-wrap:anywhere}</style></head><body><h1>Teardown</h1>"
            f"<p><b>{html.escape(self.verdict)}</b></p>{''.join(parts)}<p>Signed off by {html.escape(self.who)}, "
            f"{html.escape(self.at)}. Content hash {self.signature}. Known by the kit's tag alone: what others made in "
            "these accounts was not touched. Ended jobs can't be deleted on AWS and cost nothing.</p></body></html>"
        )

    def _repr_html_(self) -> str:
        rows: list[list[object]] = [
            [a.account_id or f"not reached: {a.called}", a.region, len(a.found), len(a.removed), len(a.left), a.problem]
            for a in self.accounts
        ]
        columns = ["account", "region", "found", "removed", "left", ""]
        return html_table(columns, rows, f"{self.verdict} Signed off by {self.who}, {self.at} ({self.signature}).")


def tear_down(
    accounts: Iterable[Account],
    folder: str | Path,
    who: str,
    *,
    yes: bool = False,
    progress: Callable[[str], None] | None = None,
) -> Teardown:
    """List, and with `yes` remove, everything of the kit's in every account; writes teardown.json and teardown.html.

    `who` is the name of whoever answers for it. An account that fails is told and the others go on. An account of an
    earlier run that `accounts` does not name stays in the report, with the time of its last listing.
    """
    if not who.strip():
        raise BadInput("Say who signs the report off: tear_down(accounts, folder, 'your name').")
    began = _now()
    told = {a.key: a for a in _before(Path(folder) / JSON)}
    report = _report(told.values(), who, began)
    for account, aws, why in open_accounts(accounts):
        missed = AccountTeardown("", account.region, account.team, (), (), (), "", why, str(account))
        for name in (str(account), account.team):  # what was not reached before was one of these
            told.pop((name, account.region), None)
        if aws is None:
            told[missed.key] = missed
        else:
            key = (aws.account_id, aws.region)
            told[key] = _one(account, aws, told.get(key), yes, progress)
        report = _report(told.values(), who, began)
        _write(report, Path(folder))
    return report


def _one(
    account: Account, aws: Any, before: AccountTeardown | None, yes: bool, progress: Callable[[str], None] | None
) -> AccountTeardown:
    found = before.found if before else ()
    gone = before.removed if before else ()
    known = AccountTeardown(aws.account_id, aws.region, account.team, found, gone, (), "")
    try:
        items = find(aws)
        names = _names(items)
        known = replace(known, found=tuple(dict.fromkeys((*found, *names))))
        if yes and items:
            remove(aws, items, progress)
        left = _names(find(aws))
    except KitError as problem:
        return replace(known, problem=str(problem))
    removed = tuple(item for item in known.found if item not in left)
    return replace(known, removed=removed, left=left, listed=_now())


def _names(items: list[Item]) -> tuple[str, ...]:
    return tuple(f"{item.kind} {item.name}" for item in items)


def _report(accounts: Iterable[AccountTeardown], who: str, began: str) -> Teardown:
    return Teardown(tuple(accounts), who.strip(), _now(), began)


def _write(report: Teardown, folder: Path) -> None:
    document = asdict(report) | {"verdict": report.verdict, "clean": report.clean, "signature": report.signature}
    write_atomically(folder / JSON, json.dumps(document, indent=1, ensure_ascii=False) + "\n")
    write_atomically(folder / PAGE, report.to_html())


def _before(path: Path) -> list[AccountTeardown]:
    try:
        told = json.loads(path.read_text(encoding="utf-8"))["accounts"]
        rows = [a | {name: tuple(a[name]) for name in ("found", "removed", "left")} for a in told]
        return [AccountTeardown(**row) for row in rows]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise BadInput(f"{path} is no report of a teardown ({problem}); move it away and run it again.") from None


def _now() -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime())
