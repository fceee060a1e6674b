"""The accounts of an event, from a CSV file with the columns team, profile, role_arn, region; each may be empty.

An account without a team is shared by all of them. Without profile and role it is the account one is in.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workshop_kit.aws.accounts import connect_as
from workshop_kit.errors import AwsProblem, BadInput

COLUMNS = ("team", "profile", "role_arn", "region")
MOST = 1_000
_ROLE = re.compile(r"arn:aws[\w-]*:iam::\d{12}:role/[\w+=,.@/-]+")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")


@dataclass(frozen=True)
class Account:
    """One account and whose it is; `team` is '' where all share it."""

    team: str = ""
    profile: str = ""
    role_arn: str = ""
    region: str = ""

    def __str__(self) -> str:
        how = self.role_arn or self.profile or "the account you are in"
        return f"{self.team or 'all teams'} ({how}{', ' + self.region if self.region else ''})"

    def connect(self) -> Any:
        """A connection. Raises AwsProblem when it can't be had."""
        return connect_as(profile=self.profile, role_arn=self.role_arn, region=self.region)


def read_accounts(path: str | Path) -> tuple[Account, ...]:
    """Read a file of accounts; raises BadInput naming every line and field at fault."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise BadInput(f"{path} can't be read ({getattr(problem, 'strerror', None) or problem}).") from None
    rows = csv.reader(io.StringIO(text, newline=""))
    columns = [name.strip().lower() for name in next(rows, [])]
    if unknown := [name for name in columns if name not in COLUMNS]:
        raise BadInput(f"{path}, line 1, has a column '{unknown[0]}'; there may be {', '.join(COLUMNS)}.")
    found: list[Account] = []
    wrong: list[str] = []
    for cells in rows:
        if not any(cell.strip() for cell in cells):
            continue
        account = Account(**dict(zip(columns, (cell.strip() for cell in cells), strict=False)))
        if account.role_arn and not _ROLE.fullmatch(account.role_arn):
            wrong.append(f"line {rows.line_num}, field 'role_arn': is no role's ARN")
        if account.region and not _REGION.fullmatch(account.region):
            wrong.append(f"line {rows.line_num}, field 'region': is no region")
        if account in found:
            wrong.append(f"line {rows.line_num}: is the same as an earlier line")
        found.append(account)
    if len(found) > MOST:
        wrong.append(f"there are {len(found)} accounts; {MOST} are the most")
    if wrong:
        raise BadInput(f"{path}: {'; '.join(wrong[:20])}. Nothing was done; mend the file.")
    if not found:
        raise BadInput(f"{path} names no account.")
    return tuple(found)


def open_accounts(accounts: Iterable[Account]) -> list[tuple[Account, Any, str]]:
    """(account, connection, '') of each, or (account, None, why) where there is no connection."""
    opened = []
    for account in accounts:
        try:
            opened.append((account, account.connect(), ""))
        except AwsProblem as problem:
            opened.append((account, None, str(problem)))
    return opened
