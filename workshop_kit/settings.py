"""Where things are and which models play which part; all of it can be set by environment variables.

WORKSHOP_HOME           the workspace folder (state of local AWS, the league, the learner's own files)
WORKSHOP_DATASETS       the folder that holds the domains
WORKSHOP_AWS            "local" or "aws": which one to use, without looking for credentials
WORKSHOP_ROLE_ARN       the execution role for training jobs and endpoints
WORKSHOP_LEAGUE_URL     the league server to submit to; a local one is started when unset
WORKSHOP_LEAGUE_TOKEN   the token to use there, instead of the one kept when this workspace joined
WORKSHOP_TEAM           the team whose name the tags carry (set by itself once a workspace has joined)
WORKSHOP_BASE_MODEL     the base of local AWS: "tiny", an id of `workshop-kit models`, or a causal LM (folder or hub id)
WORKSHOP_MODEL_WRITER, WORKSHOP_MODEL_JUDGE, WORKSHOP_MODEL_REFERENCE
                        the Bedrock model id for that role
"""

from __future__ import annotations

import os
from pathlib import Path

from workshop_kit.base_model import base_choice
from workshop_kit.errors import BadInput

DEFAULT_DOMAIN = "state-local-services"
JUMPSTART_MODEL_ID = "meta-textgeneration-llama-3-2-3b-instruct"

# In order of preference; the first one that the account's region lists is used. The workshop.* models exist on
# local AWS only, under their own names: a stand-in is never listed under the name of a model it is not.
MODEL_PREFERENCES: dict[str, tuple[str, ...]] = {
    "writer": ("us.amazon.nova-pro-v1:0", "amazon.nova-pro-v1:0", "workshop.writer-v1:0"),
    "judge": ("us.meta.llama3-2-90b-instruct-v1:0", "meta.llama3-2-90b-instruct-v1:0", "workshop.judge-v1:0"),
    "reference": (
        "us.meta.llama3-2-90b-instruct-v1:0",
        "meta.llama3-2-90b-instruct-v1:0",
        "workshop.reference-v1:0",
    ),
    "base": (
        "us.meta.llama3-2-3b-instruct-v1:0",
        "meta.llama3-2-3b-instruct-v1:0",
        "workshop.base-v1:0",
    ),
}

# What a league's models may be tuned from, unless its organizer says otherwise: the small models of the notebooks.
LEAGUE_BASES = (
    JUMPSTART_MODEL_ID,
    "meta-textgeneration-llama-3-2-1b-instruct",
    "amazon.nova-micro-v1:0",
    "amazon.nova-lite-v1:0",
    "amazon.nova-2-lite-v1:0",
)

PACKAGE_ROOT = Path(__file__).resolve().parent
REPO_ROOT = PACKAGE_ROOT.parent


def model_override(role: str) -> str | None:
    """The model id that WORKSHOP_MODEL_<ROLE> asks for, or None."""
    return os.environ.get(f"WORKSHOP_MODEL_{role.upper()}") or None


def workspace_root(start: Path | None = None) -> Path:
    """The workspace folder (not created here).

    WORKSHOP_HOME if set; else `.workshop` in the nearest folder at or above `start` (the current folder by default)
    that has one or that is a checkout of this kit; else `~/.workshop`.
    """
    told = os.environ.get("WORKSHOP_HOME")
    if told:
        return Path(told).expanduser().resolve()
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / ".workshop").is_dir() and folder != Path.home():
            return folder / ".workshop"
        if (folder / "pyproject.toml").is_file() and (folder / "workshop_kit").is_dir():
            return folder / ".workshop"
    return Path.home() / ".workshop"


def datasets_root() -> Path:
    """The folder with one sub-folder per domain: WORKSHOP_DATASETS, else the shipped one for this workspace's base.

    The tiny model has domains of its own under the same ids, written in the little language that it knows. Raises
    BadInput when the folder does not exist.
    """
    folder = tracks_root()
    if not os.environ.get("WORKSHOP_DATASETS") and base_choice(workspace_root()).tiny:
        folder = folder / "tiny"
    return _existing(folder)


def tracks_root() -> Path:
    """The folder with the shipped rows that belong to no domain (sums, travel intents), the same for every base.

    Raises BadInput when it does not exist.
    """
    told = os.environ.get("WORKSHOP_DATASETS")
    return _existing(Path(told).expanduser() if told else REPO_ROOT / "datasets")


def _existing(folder: Path) -> Path:
    if not folder.is_dir():
        raise BadInput(f"No folder of domains at {folder}; set WORKSHOP_DATASETS to the kit's datasets/ folder.")
    return folder.resolve()


def league_url() -> str | None:
    """The league server the user named, or None when a local one should be used."""
    return os.environ.get("WORKSHOP_LEAGUE_URL") or None
