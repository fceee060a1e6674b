"""What `workshop-kit classroom` does, action by action; `register` adds it to the command line."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from workshop_kit.errors import BadInput
from workshop_kit.settings import DEFAULT_DOMAIN, workspace_root
from workshop_kit.workspace import write_atomically


def register(commands: Any) -> None:
    """Add `classroom` with its actions to an argparse subparsers object; each action sets `run`."""
    about = "set a class up, look at it, and clear up after it"
    room = commands.add_parser("classroom", help=about, description=about)
    actions = room.add_subparsers(title="actions", required=True, metavar="ACTION")

    def action(name: str, run: Any, help: str) -> argparse.ArgumentParser:
        sub = actions.add_parser(name, help=help, description=help)
        sub.add_argument("--home", type=Path, default=None, help="the workspace folder (default: the nearest one)")
        sub.set_defaults(run=run)
        return sub

    def folder(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--out", type=Path, default=Path(), help="where to write (default: the current folder)")

    def remote(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--url", default="", help="the league's address")
        sub.add_argument("--token", default="", help="an organizer's token (or set WORKSHOP_LEAGUE_TOKEN)")

    setup = action(
        "setup", _setup, "teams and join codes from a CSV file with the columns name, team and perhaps email"
    )
    setup.add_argument("roster", type=Path)
    setup.add_argument(
        "--database", default=None, help="the event's PostgreSQL URL (default: the workspace's own file)"
    )
    setup.add_argument("--title", default="Workshop")
    folder(setup)
    remote(setup)

    eve = action("dry-run", _dry_run, "look into every account on the eve: rights, models, quotas, price of the event")
    eve.add_argument("--accounts", type=Path, default=None, help="CSV: team, profile, role_arn, region")
    eve.add_argument("--teams", type=int, required=True)
    eve.add_argument("--jobs", type=int, default=3, help="training jobs of each team (default: %(default)s)")
    eve.add_argument("--hours", type=float, default=2.0, help="endpoint hours of each team (default: %(default)s)")
    eve.add_argument("--domain", default=DEFAULT_DOMAIN)
    folder(eve)

    board = action(
        "board", _board, "who is where, who is stuck, and money by team, as text; the page is at URL/classroom"
    )
    remote(board)

    report = action("report", _report, "the take-home file of this workspace, or of every workspace in a folder")
    report.add_argument("--homes", type=Path, default=None, help="a folder of workspaces, one for each attendee")
    report.add_argument("--accounts", type=Path, default=None, help="where each team's runs are; with --homes")
    report.add_argument("--name", default="")
    report.add_argument("--url", default="", help="the league's address, for the standing")
    folder(report)

    figures = action("statistics", _statistics, "the event in figures without names, as JSON, CSV and HTML")
    figures.add_argument("--database", default=None, help="the event's PostgreSQL URL")
    folder(figures)

    record = action("record", _record, "everything the classroom has kept, as classroom.json and classroom.csv")
    folder(record)
    remote(record)

    down = action(
        "teardown", _teardown, "list, and with --yes remove, everything of the kit's in every account; a report"
    )
    down.add_argument("--accounts", type=Path, default=None, help="CSV: team, profile, role_arn, region")
    down.add_argument("--who", required=True, help="who signs the report off")
    down.add_argument("--yes", action="store_true", help="remove; without it the report only lists")
    folder(down)


def _home(args: argparse.Namespace) -> Path:
    return args.home.expanduser().resolve() if args.home else workspace_root()


def _room(args: argparse.Namespace) -> Any:
    from workshop_kit.classroom.instructor import Classroom
    from workshop_kit.league import process
    from workshop_kit.league.client.membership_file import token_for

    found = process.find(_home(args))
    url = args.url or (found.url if found else "")
    token = args.token or (token_for(url) if url else None)
    if not url or not token:
        raise BadInput("Say which class: --url ADDRESS --token TOKEN; 'workshop-kit league token' makes a token.")
    return Classroom(url, token)


def _setup(args: argparse.Namespace) -> int:
    from workshop_kit.classroom.joining import set_up
    from workshop_kit.classroom.roster import read_roster
    from workshop_kit.league.process import folder
    from workshop_kit.league.store.database import open_database

    roster = read_roster(args.roster).require_sound()
    if args.token:
        sheet = _room(args).set_up(args.roster, args.out, title=args.title)
    else:
        database = open_database(args.database or folder(_home(args)) / "league.sqlite")
        try:
            sheet = set_up(database, roster, args.out, url=args.url, title=args.title, who="command line")
        finally:
            database.close()
    print(f"{sheet} The codes are in {args.out / 'join-codes.html'} and {args.out / 'join-codes.csv'}.")
    return 0


def _accounts(args: argparse.Namespace) -> Any:
    from workshop_kit.aws.account_list import Account, read_accounts

    return read_accounts(args.accounts) if args.accounts else (Account(),)


def _dry_run(args: argparse.Namespace) -> int:
    from workshop_kit.classroom.eve import Plan, dry_run

    if args.teams < 1:
        raise BadInput(f"--teams is {args.teams}; it must be at least 1.")
    found = dry_run(_accounts(args), Plan(args.teams, args.jobs, args.hours, args.domain), progress=print)
    write_atomically(args.out / "dry-run.csv", found.to_csv())
    print(found)
    return 0 if found.ok else 1


def _board(args: argparse.Namespace) -> int:
    room = _room(args)
    board = room.board()
    print(board)
    for person in board.stuck:
        where = f"{person['name']} ({person['team']})" if person["team"] else person["name"]
        print(f"  {where}, step {person['number']}: {'; '.join(person['stuck'])}")
    for team in board.money:
        print(
            f"  {team['team']}: {team['usd_per_hour']:.2f} USD per hour now, {team['usd']:.2f} USD so far (estimated)"
        )
    print(board.money_note)
    print(f"The live page: {room.page}")
    return 0


def _report(args: argparse.Namespace) -> int:
    from workshop_kit.classroom.taking_home import take_home, take_home_all
    from workshop_kit.workspace import Workspace

    if args.homes:
        accounts = _accounts(args) if args.accounts else ()
        made = take_home_all(args.homes, args.out, league=args.url or None, accounts=accounts)
    else:
        from workshop_kit.aws import connect

        home = _home(args)
        made = [
            take_home(
                Workspace(home), args.out / "take-home.html", aws=connect(home=home), name=args.name,
                league=args.url or None,
            )
        ]  # fmt: skip
    for one in made:
        print(one)
    return 0


def _statistics(args: argparse.Namespace) -> int:
    import json

    from workshop_kit.classroom.event_figures import event_statistics
    from workshop_kit.league.process import folder
    from workshop_kit.league.store.database import open_database

    database = open_database(args.database or folder(_home(args)) / "league.sqlite")
    try:
        with database.read() as connection:
            found = event_statistics(connection)
    finally:
        database.close()
    write_atomically(args.out / "event.json", json.dumps(found.to_dict(), indent=1, ensure_ascii=False) + "\n")
    write_atomically(args.out / "event.csv", found.to_csv())
    write_atomically(args.out / "event.html", found.to_html())
    print(f"The event in figures is in {args.out / 'event.html'}, event.csv and event.json; no names are in them.")
    return 0


def _record(args: argparse.Namespace) -> int:
    room = _room(args)
    for name in ("classroom.json", "classroom.csv"):
        room.record(args.out / name)
    print(f"The record is in {args.out / 'classroom.json'} and {args.out / 'classroom.csv'}; it holds names.")
    return 0


def _teardown(args: argparse.Namespace) -> int:
    from workshop_kit.classroom.teardown import PAGE, tear_down

    found = tear_down(_accounts(args), args.out, args.who, yes=args.yes, progress=print)
    for account in found.accounts:
        for item in account.left:
            print(f"  {account.account_id} {account.region}: {item}")
        if account.problem:
            print(f"  {account.called}: {account.problem}")
    print(f"{found.verdict} The report is {args.out / PAGE}.")
    if not args.yes and any(account.left for account in found.accounts):
        print("Nothing was removed; remove with --yes.")
    return 0 if found.clean else 1
