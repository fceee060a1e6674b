"""Every error the kit raises on purpose.

    KitError                 one sentence: what was found, where, and what to do
    ├── MissingExtra         an optional dependency is not installed
    ├── BadInput             a file, row or value from the user can't be used
    │   └── BadHyperparameter
    ├── NotYet               an earlier notebook has not left what this step needs
    ├── AwsProblem           an AWS call (real or local) was refused or could not be made
    ├── JobFailed            a training job ended in Failed or Stopped
    ├── LocalAwsProblem      local AWS could not start, or a second one was asked for
    ├── ModelProblem         a model could not be got, converted or used on this machine
    ├── LeagueProblem        the league server refused or could not be reached
    └── Cancelled            the user cancelled a long piece of work

A KitError shows in a notebook as its sentence alone, without a traceback.
"""

from __future__ import annotations

import importlib
from types import ModuleType


class KitError(Exception):
    """Base of all errors meant for the user; `str()` is the one sentence to show."""

    def _render_traceback_(self) -> list[str]:
        # IPython asks an exception for its own rendering: a learner sees the sentence, not the kit's insides.
        return [f"{type(self).__name__}: {self}"]


class MissingExtra(KitError):
    """An optional dependency is missing; the message holds the exact pip line."""


class BadInput(KitError):
    """A file, row, column or value that can't be used."""


class BadHyperparameter(BadInput):
    """A hyperparameter that is unknown, of the wrong type or out of range."""


class NotYet(KitError):
    """Something an earlier step should have left is not there."""


class AwsProblem(KitError):
    """A call to AWS (real or local) failed; `code` is AWS's error code, or '' when none was received."""

    def __init__(self, message: str, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class JobFailed(KitError):
    """A job ended without a model."""


class LocalAwsProblem(KitError):
    """Local AWS could not be started, found or used."""


class ModelProblem(KitError):
    """A model for local AWS could not be fetched, converted or used."""


class LeagueProblem(KitError):
    """The league server refused a request or could not be reached; `status` is the HTTP status it answers with."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


class Cancelled(KitError):
    """The user cancelled; what was confirmed so far is kept."""


def require(module: str, extra: str) -> ModuleType:
    """Import `module`, or raise MissingExtra naming the pip line that brings it.

    Use it where an optional dependency is first needed, never at the top of a module.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as problem:
        if problem.name and problem.name.split(".")[0] != module.split(".")[0]:
            raise
        raise MissingExtra(
            f"The package '{module.split('.')[0]}' is not installed; "
            f"install it with: pip install 'workshop-kit[{extra}]'"
        ) from None
