"""`workshop-kit models`: which models there are for this machine, get one, remove one."""

from __future__ import annotations

from pathlib import Path

from workshop_kit.base_model import DEFAULT, TINY, base_choice, total_memory
from workshop_kit.errors import BadInput
from workshop_kit.local_aws.models import cache
from workshop_kit.local_aws.models.choosing import think_again
from workshop_kit.local_aws.models.getting import get
from workshop_kit.local_aws.models.manifest import MODELS, KnownModel
from workshop_kit.local_aws.models.progress import printer

ACTIONS = ("list", "get", "remove")


def run(action: str, id: str | None, home: Path) -> int:
    """Run one of ACTIONS on the workspace `home`; returns the exit status. Raises KitError."""
    if action == "list":
        _list(home)
    elif action == "get":
        _get(id or DEFAULT, home)
    elif id is None:
        raise BadInput(f"Which model? workshop-kit models remove {DEFAULT}")
    elif cache.remove(id):
        print(f"Removed {id} from {cache.cache_folder()}.")
    else:
        print(f"{id} was not in {cache.cache_folder()}.")
    return 0


def _list(home: Path) -> None:
    for model in MODELS.values():
        print("\n".join(describe(model)))
    choice = base_choice(home)
    known = MODELS.get(choice.name)
    name = "the tiny model of this package" if choice.name == TINY else known.name if known else choice.name
    print(f"\nThe base of the workspace {home}: {name}.{' ' if choice.reason else ''}{choice.reason}")


def describe(model: KnownModel) -> list[str]:
    """What a learner should know of a model before getting it, in lines."""
    there = cache.located(model.id)
    memory = total_memory()
    fits = f"; this machine has {memory / 1e9:.1f} GB" if memory else ""
    return [
        model.id,
        f"  {model.name} by {model.maker}, {model.parameters / 1e6:.0f} million parameters, {model.context:,} tokens",
        f"  licence {model.license}, {model.license_url}",
        f"  from {model.source}, {model.wheel_bytes / 1e6:.0f} MB to download, {model.folder_bytes / 1e6:.0f} MB here",
        f"  memory: {model.training_memory / 1e9:.1f} GB to train and answer, {model.answering_memory / 1e9:.1f} GB to "
        f"answer{fits}",
        f"  {model.note}",
        f"  here: {there}" if there else f"  not here; get it with: workshop-kit models get {model.id}",
    ]


def _get(id: str, home: Path) -> None:
    folder = get(id, printer(), verify=True)
    model = MODELS[id]
    print(f"{model.name} ({model.license}) is in {folder}, every checksum right; no network is needed for it any more.")
    if think_again(home):
        print(f"The workspace {home} will use it when local AWS starts again: workshop-kit stop")
