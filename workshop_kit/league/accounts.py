"""In whose AWS account a team's models stand: the league's own, or the one that league/accounts.csv names for it.

The judge and the reference model are always asked in the league's account. A worker on another host reads the file in
its own workspace, so it needs a copy there.
"""

from __future__ import annotations

import logging
import threading
import time
from pathlib import Path

from workshop_kit.aws import Aws
from workshop_kit.aws.account_list import Account, read_accounts
from workshop_kit.errors import AwsProblem, BadInput
from workshop_kit.league.store.teams import name_key

log = logging.getLogger(__name__)
FILE = "accounts.csv"
REOPEN_SECONDS = 45 * 60.0  # a role is taken for an hour


def file_of(home: Path) -> Path:
    """Where a league's workspace has the accounts of its teams, if they have any of their own."""
    return home / "league" / FILE


class TeamAccounts:
    """Connections to teams' accounts, made when a team's model is first asked and made anew before they lapse.

    The file is read again when it changes, so a line can be mended in mid-event; one with faults changes nothing. What
    is wrong with the file or an account is the organizer's to know, and in the server's log. Safe to use from many
    threads.
    """

    def __init__(self, own: Aws, path: Path | None = None) -> None:
        self.own, self.path = own, path
        self._lock = threading.Lock()
        self._seen: tuple[int, int] | None = None  # the file's time and size
        self._usable = False
        self._listed: dict[str, Account] = {}
        self._open: dict[Account, tuple[Aws, float]] = {}

    def of(self, team: str) -> Aws:
        """The connection for a team, by its name.

        A team's first line counts; one without a line has the first line without a team, or the league's own account.
        Raises AwsProblem: NoCredentials (which is waited for) while there is a file and none of it could be read, else
        with the code with which AWS refused the account.
        """
        if self.path is None:
            return self.own
        with self._lock:
            listed = self._accounts(self.path)
            account = listed.get(name_key(team)) or listed.get("")
            if account is None or not (account.profile or account.role_arn or account.region):
                return self.own
            kept = self._open.get(account)
        if kept and time.monotonic() - kept[1] < REOPEN_SECONDS:
            return kept[0]
        # Outside the lock: an account that answers slowly holds up its own team alone.
        try:
            aws = account.connect()
        except AwsProblem as problem:
            log.error("the account of %s can't be entered: %s", team, problem)
            raise AwsProblem(
                f"The league can't enter the AWS account of {team}; tell the organizer, whose log has the reason.",
                problem.code,
            ) from None
        with self._lock:
            self._open[account] = aws, time.monotonic()
        return aws

    def _accounts(self, path: Path) -> dict[str, Account]:
        try:
            told = path.stat()
            seen = told.st_mtime_ns, told.st_size
        except FileNotFoundError:
            self._seen, self._usable, self._listed = None, False, {}
            return {}
        except OSError as problem:
            log.error("%s can't be read: %s", path, problem)
            seen = None
        if seen is not None and seen != self._seen:
            self._seen = seen
            self._read(path)
        if not self._usable:
            # No team's fault: its submission waits until the file is mended.
            raise AwsProblem(
                "The league's list of accounts can't be used; tell the organizer: the server's log has the reason.",
                "NoCredentials",
            )
        return self._listed

    def _read(self, path: Path) -> None:
        try:
            found = read_accounts(path)
        except BadInput as problem:
            log.error("%s%s", problem, " The accounts read before stay in use." if self._usable else "")
            return
        listed: dict[str, Account] = {}
        for account in found:
            listed.setdefault(name_key(account.team) if account.team else "", account)
        self._listed, self._usable = listed, True
