"""One of the processes of the bench: python -m workshop_kit.bench.league ROLE ...

serve, work    the league's own, with the toy AWS in the place of the account's
bare           a server that only sends some bytes
load, viewers  clients
"""

from __future__ import annotations

import argparse
from pathlib import Path

from workshop_kit.bench.league import load, viewers


def main(argv: list[str] | None = None) -> int:
    """Be one of the processes."""
    parser = argparse.ArgumentParser(prog="python -m workshop_kit.bench.league")
    parser.add_argument("role", choices=("serve", "work", "bare", "load", "viewers"))
    parser.add_argument("--home", type=Path)
    parser.add_argument("--domain", default="")
    parser.add_argument("--database", default="")
    parser.add_argument("--calls", type=Path)
    parser.add_argument("--latency", type=float, default=0.01)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--judging", action="store_true")
    parser.add_argument("--stalled", type=float, help="seconds after which a silent worker is taken for dead")
    parser.add_argument("--body", type=Path)
    parser.add_argument("--viewers", type=int)
    args = parser.parse_args(argv)
    if args.role == "bare":
        return _bare(args.body.read_bytes(), args.port)
    if args.role == "load":
        return load.main()
    if args.role == "viewers":
        return viewers.main(args.port, args.viewers)

    import workshop_kit.aws
    from workshop_kit.bench.league.toy import ToyAws
    from workshop_kit.league.server.serve import serve, work

    workshop_kit.aws.connect = lambda **_: ToyAws(args.calls, args.latency)
    if args.role == "serve":
        return serve(args.home, args.domain, port=args.port, database=args.database, judging=args.judging)
    if args.stalled:
        from workshop_kit.league.judging import postgres as workers

        workers.STALLED, workers.HEARTBEAT, workers.RESCUE = args.stalled, args.stalled / 5, args.stalled / 3
    return work(args.home, args.domain, args.database)


def _bare(body: bytes, port: int) -> int:
    """The ceiling: one address that answers bytes from memory, served as the league is."""
    import uvicorn
    from fastapi import FastAPI
    from fastapi.responses import Response

    app = FastAPI()

    @app.get("/api/standings")
    async def standings() -> Response:
        return Response(body, media_type="application/json")

    @app.get("/api/health")
    async def health() -> dict[str, bool]:
        return {"ok": True}

    uvicorn.run(app, port=port, log_level="warning", timeout_keep_alive=65)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
