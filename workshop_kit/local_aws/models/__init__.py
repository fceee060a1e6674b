"""Real models on this machine: known by a manifest, fetched once, checked, converted, and kept for all workspaces.

    MODELS                   the models that this kit knows how to get, by id
    get(id) -> Path          the model's folder, fetched and converted first if need be
    located(id)              the folder if the model is in the cache, whole; else None
    remove(id)               out of the cache
    settle(home)             which base a workspace has, with its model on this machine

A model's folder is an ordinary one of the transformers library, with the GGUF file it was made from beside it
(`model.gguf`) and a `manifest.json`, written last, that holds the size and checksum of every other file.
"""

from workshop_kit.local_aws.models.cache import cache_folder, located, remove
from workshop_kit.local_aws.models.choosing import settle
from workshop_kit.local_aws.models.getting import get
from workshop_kit.local_aws.models.manifest import MODELS, KnownModel, known
from workshop_kit.local_aws.models.progress import Progress, printer

__all__ = ["MODELS", "KnownModel", "Progress", "cache_folder", "get", "known", "located", "printer", "remove", "settle"]
