"""For nbval (-p tests.notebooks.patient): what a cell said may come a while after its end on a busy machine.

nbval waits 5 seconds for it and has no option for that.
"""

from typing import Any

from nbval.plugin import IPyNbCell

SECONDS = 60
_made = IPyNbCell.__init__


def _made_patient(self: Any, *arguments: Any, **more: Any) -> None:
    _made(self, *arguments, **more)
    self.output_timeout = SECONDS


IPyNbCell.__init__ = _made_patient
