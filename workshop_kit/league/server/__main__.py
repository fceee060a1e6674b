"""The command line that starts the server in the background: `python -m workshop_kit.league.server`."""

import argparse
import sys
from pathlib import Path

from workshop_kit.errors import KitError
from workshop_kit.league.server.serve import configure_logging, serve


def main(argv: list[str] | None = None) -> int:
    """Serve a workspace's own league."""
    parser = argparse.ArgumentParser(prog="python -m workshop_kit.league.server")
    parser.add_argument("--home", type=Path, required=True)
    parser.add_argument("--domain", required=True)
    parser.add_argument("--port", type=int, default=0)
    args = parser.parse_args(argv)
    configure_logging()
    try:
        return serve(args.home, args.domain, port=args.port)
    except KitError as problem:
        print(problem, file=sys.stderr)
        return 1


if __name__ == "__main__":
    raise SystemExit(main())
