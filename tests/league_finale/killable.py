"""A finale's server as a process of its own, to be killed: python -m tests.league_finale.killable HOME DOMAIN PORT
TOKEN_FILE"""

import sys
from pathlib import Path

import uvicorn

from tests.worlds.finale import FinaleAws
from workshop_kit.league.finale import routes
from workshop_kit.league.server import build_app
from workshop_kit.league.store.tokens import issue

home, domain, port, tokens = sys.argv[1:]
app = build_app(Path(home), domain, FinaleAws(), rooms=(routes.routes,))
if not Path(tokens).exists():
    with app.state.context.database.write() as connection:
        Path(tokens).write_text(issue(connection, "organizer", None, "The director"))
uvicorn.run(app, port=int(port), log_level="warning")
