"""A finale's server as a process of its own, to be killed: python killable.py HOME DOMAIN PORT TOKEN_FILE"""

import importlib.util
import sys
from pathlib import Path

import uvicorn

from workshop_kit.league.finale import routes
from workshop_kit.league.server import build_app
from workshop_kit.league.store.tokens import issue

spec = importlib.util.spec_from_file_location("toys", Path(__file__).with_name("conftest.py"))
toys = importlib.util.module_from_spec(spec)
sys.modules["toys"] = toys
spec.loader.exec_module(toys)

home, domain, port, tokens = sys.argv[1:]
app = build_app(Path(home), domain, toys.ToyAws(), rooms=(routes.routes,))
if not Path(tokens).exists():
    with app.state.context.database.write() as connection:
        Path(tokens).write_text(issue(connection, "organizer", None, "The director"))
uvicorn.run(app, port=int(port), log_level="warning")
