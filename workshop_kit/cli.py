"""The `workshop-kit` command: thin commands over the rooms below.

Exit status: 0 done, 1 a problem that is told in one sentence, 2 a command that was typed wrong, 130 cancelled.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from datetime import datetime
from pathlib import Path

from workshop_kit import __version__, base_model
from workshop_kit.classroom.commands import register as register_classroom
from workshop_kit.errors import KitError, LocalAwsProblem
from workshop_kit.settings import DEFAULT_DOMAIN, REPO_ROOT, workspace_root


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = _parser()
    args, args.rest = parser.parse_known_args(argv)
    if args.rest and args.run is not _lab:  # only jupyter lab has options of its own to pass on
        parser.error(f"unrecognized arguments: {' '.join(args.rest)}")
    try:
        return args.run(args)
    except KitError as problem:
        print(f"workshop-kit: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nCancelled; what was finished is kept.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="workshop-kit",
        description="A hands-on course and competition in customizing language models.",
    )
    parser.add_argument("--version", action="version", version=f"workshop-kit {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, run, help: str) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=help, description=help)
        sub.set_defaults(run=run)
        return sub

    def with_home(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--home", type=Path, default=None, help="the workspace folder (default: the nearest one)")

    command("lab", _lab, "open the workshop in JupyterLab; other options are passed on to jupyter lab")

    run = command("run", _run, "run the whole workshop headless, ending with the standings")
    run.add_argument("--domain", default=DEFAULT_DOMAIN, help="the domain to work on (default: %(default)s)")
    run.add_argument("--copies", action="store_true", help="run the attendees' copies with their plain starter choices")
    run.add_argument(
        "--home", type=Path, default=None, help="a workspace folder (default: a new one below .workshop/runs)"
    )
    run.add_argument(
        "--quick", action="store_true", help="with the tiny model of the package: two minutes, no download"
    )
    run.add_argument("--keep", action="store_true", help="leave local AWS and the league server running")

    aws = command("aws", _aws, "run local AWS in the foreground")
    with_home(aws)
    aws.add_argument("--port", type=int, default=0, help="a port on 127.0.0.1 (default: a free one)")

    league = command("league", _league, "run a league: its server, judging workers, tokens, export and import")
    with_home(league)
    league.add_argument(
        "action",
        nargs="?",
        default="serve",
        choices=["serve", "work", "token", "code", "export", "import", "prompts", "new"],
        help="serve (default): the server; work: only judge, for a league on PostgreSQL; token: for an organizer or "
        "judge; code: a join code; export, import: a whole event; prompts: copies of the judge's prompts to edit; "
        "new: fresh hidden questions that are in the event's database alone",
    )
    league.add_argument("path", nargs="?", type=Path, help="the file to export to or import from")
    league.add_argument(
        "--domain", default=DEFAULT_DOMAIN, help="whose hidden questions are asked (default: %(default)s)"
    )
    league.add_argument("--port", type=int, default=0, help="a port (default: a free one)")
    league.add_argument("--host", default="127.0.0.1", help="the address to listen on (default: %(default)s)")
    league.add_argument("--database", help="postgresql://USER@HOST/NAME (default: a file in the workspace)")
    league.add_argument("--no-judging", action="store_true", help="serve only; workers judge")
    league.add_argument("--codes", action="store_true", help="a new event asks for join codes")
    league.add_argument("--quota", type=int, default=None, help="ranked submissions of each team, for a new event")
    league.add_argument("--questions", type=int, default=50, help="how many 'new' writes (default: %(default)s)")
    league.add_argument(
        "--seed",
        type=int,
        help="for 'new': the same seed writes the same questions, so keep it secret (default: a secret)",
    )
    league.add_argument("--role", default="organizer", choices=["organizer", "judge"], help="whose token to make")
    league.add_argument("--name", default="", help="who the token is for, or the team of the join code")

    register_classroom(commands)

    stop = command("stop", _stop, "stop this workspace's local AWS and league server")
    with_home(stop)

    cleanup = command("cleanup", _cleanup, "find and remove what the kit made in AWS, and show that nothing is left")
    with_home(cleanup)
    cleanup.add_argument("--yes", action="store_true", help="remove; without it the command only lists")

    models = command("models", _models, "the models for local AWS on this machine: list, get, remove")
    with_home(models)
    models.add_argument("action", nargs="?", default="list", choices=["list", "get", "remove"])
    models.add_argument("id", nargs="?", help="a model's id, as 'list' shows it (default for get: the first one)")

    domain = command("domain", _domain, "check a domain folder")
    domain.add_argument("action", choices=["check", "list"])
    domain.add_argument("path", nargs="*", help="domain folders or ids (default: every shipped one)")

    notebooks = command("notebooks", _notebooks, "make the attendees' notebooks from the masters")
    notebooks.add_argument("--check", action="store_true", help="only say which ones would change")

    bench = command("bench", _bench, "measure the kit against its peers and print ratios")
    bench.add_argument("what", nargs="*", help="which benchmarks (default: all)")
    return parser


def _home(args: argparse.Namespace) -> Path:
    return args.home.expanduser().resolve() if args.home else workspace_root()


def _lab(args: argparse.Namespace) -> int:
    from workshop_kit.errors import require

    require("jupyterlab", extra="notebooks")
    folder = REPO_ROOT / "notebooks"
    return subprocess.call([sys.executable, "-m", "jupyterlab", f"--notebook-dir={folder}", *args.rest])


def _run(args: argparse.Namespace) -> int:
    from workshop_kit.aws import connect
    from workshop_kit.league import client
    from workshop_kit.runner import run_workshop

    if args.quick:
        os.environ[base_model.VARIABLE] = base_model.TINY  # every process of the run inherits it
    started = time.monotonic()
    home = args.home or workspace_root() / "runs" / datetime.now().strftime("%Y%m%d-%H%M%S")
    home = home.expanduser().resolve()
    home.mkdir(parents=True, exist_ok=True)
    folder = REPO_ROOT / ("notebooks" if args.copies else "solutions")
    os.environ["WORKSHOP_HOME"] = str(home)
    print(f"The workshop on '{args.domain}', headless; workspace {home}\n")
    try:
        answers = connect(home=home).answers  # first of all, so that the model's download is seen if it is due
        if answers:
            print(answers, end="\n\n")
        done = list(run_workshop(folder, home, domain=args.domain))
        print()
        for notebook in done:
            print(f"  {notebook.seconds:6.1f} s  {notebook.name}")
        print(f"  {time.monotonic() - started:6.1f} s  in all\n")
        print(client.standings(domain=args.domain).to_text())
        print(f"\nThe executed notebooks are in {home / 'notebooks'}")
        print(f"See the standings page again with: workshop-kit league --home {home} --domain {args.domain}")
    finally:
        if not args.keep:
            _stop_servers(home)
    return 0


def _aws(args: argparse.Namespace) -> int:
    from workshop_kit.local_aws.__main__ import main as serve

    return serve(["--home", str(_home(args)), "--port", str(args.port)])


def _league(args: argparse.Namespace) -> int:
    from workshop_kit.league import commands

    home = _home(args)
    os.environ["WORKSHOP_HOME"] = str(home)
    return commands.run(args, home)


def _stop(args: argparse.Namespace) -> int:
    for line in _stop_servers(_home(args)):
        print(line)
    return 0


def _stop_servers(home: Path) -> list[str]:
    from workshop_kit import league, local_aws

    told = []
    for name, stop in (("League server", league.stop), ("Local AWS", local_aws.stop)):
        try:
            told.append(f"{name}: {'stopped' if stop(home) else 'was not running'} ({home})")
        except LocalAwsProblem as problem:
            told.append(f"{name}: {problem}")
    return told


def _cleanup(args: argparse.Namespace) -> int:
    from workshop_kit.aws import connect
    from workshop_kit.cleanup import find, remove

    os.environ["WORKSHOP_HOME"] = str(_home(args))
    aws = connect()
    print(aws)
    found = find(aws)
    for item in found:
        print(f"  {item}")
    if not found:
        print("Nothing that the kit made is left.")
        return 0
    if not args.yes:
        print(f"{len(found)} things were found; remove them with: workshop-kit cleanup --yes")
        return 0
    left = remove(aws, found, progress=print)
    for item in left:
        print(f"  still there: {item}")
    print("Nothing that the kit made is left." if not left else f"{len(left)} things are still there; run this again.")
    return 1 if left else 0


def _models(args: argparse.Namespace) -> int:
    from workshop_kit.local_aws.models.commands import run

    return run(args.action, args.id, _home(args))


def _domain(args: argparse.Namespace) -> int:
    from workshop_kit.domains import list_domains, validate_domain

    paths = args.path or list_domains()
    if args.action == "list":
        print("\n".join(str(path) for path in paths))
        return 0
    wrong = 0
    for path in paths:
        findings = validate_domain(path)
        for finding in findings:
            print(finding)
        wrong += bool(findings)
        print(f"{path}: {'ok' if not findings else f'{len(findings)} findings'}")
    return 1 if wrong else 0


def _notebooks(args: argparse.Namespace) -> int:
    from workshop_kit.masters import build

    changed = build(REPO_ROOT / "solutions", REPO_ROOT / "notebooks", check=args.check)
    for path in changed:
        print(f"{'would change' if args.check else 'wrote'} {path.relative_to(REPO_ROOT)}")
    if not changed:
        print("The attendees' notebooks are up to date.")
    return 1 if args.check and changed else 0


def _bench(args: argparse.Namespace) -> int:
    from workshop_kit.bench import run

    return run(args.what)
