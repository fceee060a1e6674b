"""Dataset <-> the JSON Lines files that AWS's training services read.

rows.py      one row <-> one Example, in each format
lines.py     a file -> JSON values by line, tolerant and streaming
reading.py   those -> rows and findings
writing.py   a Dataset -> a file, atomically
prompt.py    the Llama 3 prompt and JumpStart's template.json
"""

from workshop_kit.formats.prompt import LLAMA3_TEMPLATE, llama3_prompt, llama3_template
from workshop_kit.formats.reading import Loaded, Row, load, read_dataset, stream
from workshop_kit.formats.rows import FORMATS, LOSES, RowProblem, detect, from_row, to_row
from workshop_kit.formats.writing import Exported, export, write_jsonl, write_jumpstart

__all__ = [
    "FORMATS",
    "LOSES",
    "Exported",
    "LLAMA3_TEMPLATE",
    "Loaded",
    "Row",
    "RowProblem",
    "detect",
    "export",
    "from_row",
    "llama3_prompt",
    "llama3_template",
    "load",
    "read_dataset",
    "stream",
    "to_row",
    "write_jsonl",
    "write_jumpstart",
]
