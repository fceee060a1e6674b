"""The workshop kit: customize a language model hands-on, and compete with it.

Importing this package is cheap; each name below is imported when it is first used.
"""

from __future__ import annotations

import importlib
from typing import Any

__version__ = "0.1.0"

_EXPORTS: dict[str, str] = {
    "KitError": "workshop_kit.errors",
    "Dataset": "workshop_kit.records",
    "Example": "workshop_kit.records",
    "Topic": "workshop_kit.records",
    "Persona": "workshop_kit.records",
    "Workspace": "workshop_kit.workspace",
    "connect": "workshop_kit.aws",
}

__all__ = ["__version__", *_EXPORTS]


def __getattr__(name: str) -> Any:
    if name in _EXPORTS:
        return getattr(importlib.import_module(_EXPORTS[name]), name)
    raise AttributeError(f"module 'workshop_kit' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
