"""The rooms of the house: a room imports only from floors below its own, and local_aws stands apart."""

import ast
import re
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "workshop_kit"
FLOORS = {
    "errors": 0, "base_model": 0,
    "settings": 1, "records": 1, "worlds": 1,
    "formats": 2, "workspace": 2,
    "aws": 3, "domains": 3, "journal": 3,
    "authoring": 4, "review": 4, "retrieval": 4,
    "training": 5,
    "playground": 6,
    "pictures": 1, "tracks": 4, "league": 7, "cleanup": 7, "cleanup_bedrock": 6,
    "classroom": 8,
    "widgets": 9,
    "masters": 10, "runner": 10, "bench": 10,
    "cli": 11,
    "__main__": 12,
}  # fmt: skip
# The only doors to local AWS: aws.py starts it when no AWS is configured, the command line runs it in the foreground
# and times it.
DOORS = {"aws", "cli", "bench"}


def room_of(path: Path) -> str:
    inside = path.relative_to(PACKAGE)
    return inside.parts[0].removesuffix(".py")


def imports_of(path: Path) -> set[str]:
    """Dotted names of everything from the kit that a file imports, wherever in the file."""
    package = ".".join(("workshop_kit", *path.relative_to(PACKAGE).parent.parts))
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                up = package.split(".")[: len(package.split(".")) - node.level + 1]
                base = ".".join([*up, base]).rstrip(".")
            found.add(base)
            if base == "workshop_kit":
                found |= {f"{base}.{alias.name}" for alias in node.names}
    return {name for name in found if name.startswith("workshop_kit.")}


FILES = [p for p in sorted(PACKAGE.rglob("*.py")) if p != PACKAGE / "__init__.py"]


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_go_down_only(path: Path) -> None:
    room = room_of(path)
    for name in imports_of(path):
        other = name.split(".")[1]
        if other.startswith("__version__"):
            continue
        if room == "local_aws":
            # base_model is asked on both sides: which domains fit the base, and which base to load.
            # worlds: the local writer has the grammar of the shipped domains.
            assert other in {"local_aws", "errors", "base_model", "worlds"}, f"local_aws knows nothing of {name}"
        elif other == "local_aws":
            assert room in DOORS, f"{room} must not import local_aws: it speaks AWS to a URL"
        elif other != room:
            assert room in FLOORS, f"{room} has no floor: give it one here"
            assert other in FLOORS, f"{other} has no floor: give it one here"
            assert FLOORS[other] < FLOORS[room], f"{room} (floor {FLOORS[room]}) imports {name} from above"


def test_hidden_questions_have_one_reader() -> None:
    """Only the league's questions.py opens the hidden questions; domains.py checks their form, others write them."""
    named = {str(p.relative_to(PACKAGE)) for p in FILES if "hidden_questions.jsonl" in p.read_text(encoding="utf-8")}
    makers = {"local_aws/foundry/datasets.py", "local_aws/foundry/measure.py", "worlds/files.py"}
    assert "league/questions.py" in named
    assert named <= {"league/questions.py", "domains.py"} | makers


def test_only_the_server_reads_hidden_questions() -> None:
    users = {str(p.relative_to(PACKAGE)) for p in FILES if "import hidden_questions" in p.read_text(encoding="utf-8")}
    assert users == {"league/server/app.py", "league/server/serve.py"}


def test_only_questions_py_reads_the_hidden_questions_of_a_database() -> None:
    """The command line writes them, an export takes every table along, and nobody else has anything to do with them."""
    users = {
        str(p.relative_to(PACKAGE))
        for p in FILES
        if any(name.endswith(("store.hidden", "schema.own_questions")) for name in imports_of(p))
        or re.search(r"store import .*\bhidden\b|import .*\bown_questions\b", p.read_text(encoding="utf-8"))
    }
    assert users == {"league/questions.py", "league/commands.py", "league/store/hidden.py"}
