"""Run local AWS in the foreground: python -m workshop_kit.local_aws --home FOLDER [--port PORT]."""

from __future__ import annotations

import argparse
import os
import sys
import traceback
from pathlib import Path

from workshop_kit.base_model import VARIABLE
from workshop_kit.errors import KitError, require
from workshop_kit.local_aws import ServerInfo


def main(argv: list[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m workshop_kit.local_aws", description="Run local AWS.")
    parser.add_argument("--home", type=Path, required=True, help="the workspace folder")
    parser.add_argument("--port", type=int, default=0, help="a port on 127.0.0.1 (default: a free one)")
    parser.add_argument("--region", default="", help="the region it says it is (default: AWS_DEFAULT_REGION)")
    # The process that started this one has looked at the folder that WORKSHOP_BASE_MODEL names.
    parser.add_argument("--checked", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    try:
        require("moto", extra="local")
        require("cheroot", extra="local")
        from workshop_kit.local_aws.models import printer, settle
        from workshop_kit.local_aws.server import serve

        home = args.home.expanduser()
        base = settle(home.resolve(), printer(sys.stderr), checked=args.checked)
        os.environ[VARIABLE] = base.name  # for the processes that train and answer, too
        serve(
            home,
            base=base,
            port=args.port,
            region=args.region,
            ready=lambda info: _tell(info, args.home),
        )
    except KitError as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


def _tell(info: ServerInfo, home: Path) -> None:
    print(f"# Local AWS runs for {home} (Ctrl-C stops it). {info.base}\n# In another terminal:")
    for name, value in info.env().items():
        print(f"export {name}={value}")
    sys.stdout.flush()


if __name__ == "__main__":
    status = 1
    try:
        status = main()
    except SystemExit as told:
        status = told.code if isinstance(told.code, int) else 2
    except BaseException:
        traceback.print_exc()
    # Not sys.exit: threads that wait for a slow client, or that outlive a failed start, must not hold the workspace.
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
