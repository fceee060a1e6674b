"""What `workshop-kit league` does, action by action."""

from __future__ import annotations

import argparse
import os
import secrets
import tempfile
from collections.abc import Callable
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from workshop_kit.errors import BadInput

MOST_QUESTIONS = 500


def run(args: argparse.Namespace, home: Path) -> int:
    """Do one action; returns the exit status."""
    actions: dict[str, Callable[[argparse.Namespace, Path], int]] = {
        "serve": _serve,
        "work": _work,
        "token": _token,
        "code": _code,
        "export": _export,
        "import": _import,
        "prompts": _prompts,
        "new": _new,
    }
    return actions[args.action](args, home)


def _serve(args: argparse.Namespace, home: Path) -> int:
    from workshop_kit.league.event import settings_from
    from workshop_kit.league.server import serve

    settings = settings_from({"access": "codes" if args.codes else "open", "ranked_quota": args.quota})
    return serve(
        home,
        args.domain,
        host=args.host,
        port=args.port,
        database=args.database,
        settings=settings,
        judging=not args.no_judging,
    )


def _work(args: argparse.Namespace, home: Path) -> int:
    from workshop_kit.league.server import work

    if not args.database:
        raise BadInput("A worker needs --database postgresql://USER@HOST/NAME, the same as its league's server.")
    return work(home, args.domain, args.database)


def _token(args: argparse.Namespace, home: Path) -> int:
    from workshop_kit.league.store.audit import note
    from workshop_kit.league.store.tokens import issue

    with _database(args, home) as database, database.write() as connection:
        note(connection, "command line", "new token", args.role, {"name": args.name})
        token = issue(connection, args.role, None, args.name or args.role)
    print(token)
    return 0


def _code(args: argparse.Namespace, home: Path) -> int:
    from workshop_kit.league.store.audit import note
    from workshop_kit.league.store.teams import found_team
    from workshop_kit.league.store.tokens import new_code

    with _database(args, home) as database, database.write() as connection:
        team = found_team(connection, args.name, "command line")[0].id if args.name else None
        note(connection, "command line", "new code", team or "event")
        code = new_code(connection, team)
    print(f"{code}  joins the team {args.name}" if args.name else f"{code}  founds teams")
    return 0


def _export(args: argparse.Namespace, home: Path) -> int:
    from workshop_kit.league.store.transfer import export_lines

    path = _path(args)
    # It holds the answers to hidden questions: a file that mkstemp makes is its owner's alone.
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with open(handle, "w", encoding="utf-8", newline="\n") as file, _database(args, home) as database:
            file.writelines(line + "\n" for line in export_lines(database))
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    print(f"The event is in {path}; it holds answers to hidden questions, so keep it to yourself.")
    return 0


def _import(args: argparse.Namespace, home: Path) -> int:
    from workshop_kit.league.store.transfer import import_lines

    path = _path(args)
    try:
        # Line by line as the file has them: an answer may hold what Unicode calls a line's end.
        with path.open(encoding="utf-8", newline="\n") as lines, _database(args, home) as database:
            count = import_lines(database, lines)
    except (OSError, UnicodeDecodeError) as problem:
        raise BadInput(f"{path} can't be read ({getattr(problem, 'strerror', None) or problem}).") from None
    print(f"Imported {count.get('teams', 0)} teams and {count.get('submissions', 0)} submissions.")
    return 0


def _new(args: argparse.Namespace, home: Path) -> int:
    from workshop_kit.domains import load_domain
    from workshop_kit.league.process import folder, only_server
    from workshop_kit.league.questions import fresh_questions
    from workshop_kit.league.store import hidden
    from workshop_kit.league.store.events import open_event

    if not 1 <= args.questions <= MOST_QUESTIONS:
        raise BadInput(f"The number of questions is {args.questions}; it may be 1 to {MOST_QUESTIONS}.")
    # Whoever knows the seed can write the same questions: by default nobody does.
    seed = secrets.randbits(62) if args.seed is None else args.seed
    rows = fresh_questions(args.domain, args.questions, seed)
    folder(home)
    with nullcontext() if args.database else only_server(home, patience=0.0):
        with _database(args, home) as database, database.write() as connection:
            open_event(connection, load_domain(args.domain).id)
            hidden.replace(connection, rows, "command line")
            where = database.url
    print(
        f"{len(rows)} questions of '{args.domain}' that stand in no file are in {where}. Start the league's server and "
        "its workers (again): they judge by these."
    )
    return 0


def _prompts(args: argparse.Namespace, home: Path) -> int:
    from workshop_kit.league.judge import write_prompts
    from workshop_kit.league.process import folder

    written = write_prompts(folder(home) / "judge")
    print(
        "\n".join(str(path) for path in written)
        or "The prompts are there already; they are read when the league starts."
    )
    return 0


def _path(args: argparse.Namespace) -> Path:
    if args.path is None:
        raise BadInput(f"Say which file: workshop-kit league {args.action} FILE.")
    return args.path.expanduser().resolve()


@contextmanager
def _database(args: argparse.Namespace, home: Path) -> Any:
    from workshop_kit.league.process import folder
    from workshop_kit.league.store import open_database

    database = open_database(args.database or folder(home) / "league.sqlite")
    try:
        yield database
    finally:
        database.close()
