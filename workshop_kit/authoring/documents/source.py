"""A Domain made of documents, in memory: what plan(), preview() and write() work on."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from workshop_kit.authoring.documents.chunks import chunks
from workshop_kit.authoring.documents.reading import read_document
from workshop_kit.domains import Domain, Passage, SystemPrompt
from workshop_kit.errors import BadInput
from workshop_kit.records import Dataset, Persona, Topic

MOST_TOPICS = 12
PERSONAS = (
    Persona("newcomer", "A newcomer", "Meets the subject for the first time."),
    Persona("colleague", "A colleague", "Works with the subject and wants to be exact."),
    Persona("customer", "A customer", "Wants to get something done."),
)


def domain_from_documents(
    paths: str | Path | Sequence[str | Path],
    *,
    title: str = "",
    brief: str = "",
    personas: Sequence[Persona] = PERSONAS,
    target_words: int = 120,
) -> Domain:
    """Documents as a Domain: headings become topics (files do, where there are none), pieces become passages.

    Each passage carries its citation, and so does every row written from it. At most MOST_TOPICS topics are made: the
    sections with the least text share one called "Other". Raises BadInput for no documents or unreadable ones.
    """
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    if not given:
        raise BadInput("No documents were named; give at least one file.")
    pieces = [chunk for path in given for chunk in chunks(read_document(path), target_words)]
    names = [chunk.section or Path(chunk.document).stem.replace("_", " ").replace("-", " ") for chunk in pieces]
    size: dict[str, int] = {}
    for name, chunk in zip(names, pieces, strict=True):
        size[name] = size.get(name, 0) + len(chunk.text)
    kept = set(sorted(size, key=lambda name: -size[name])[: MOST_TOPICS - (len(size) > MOST_TOPICS)])
    names = [name if name in kept else "Other" for name in names]
    ids = _ids(list(dict.fromkeys(names)))
    topics = tuple(Topic(id, name, f"What the documents say about {name}.") for name, id in ids.items())
    passages = tuple(
        Passage(ids[name], name, chunk.text, chunk.citation) for name, chunk in zip(names, pieces, strict=True)
    )
    first = Path(given[0])
    whole = title or first.stem.replace("_", " ").replace("-", " ").capitalize()
    return Domain(
        next(iter(_ids([whole]).values())), whole, brief or f"Questions that are answered by {first.name}"
        + (f" and {len(given) - 1} more documents." if len(given) > 1 else "."),
        "en", topics, tuple(personas), (SystemPrompt("plain", "Answer briefly and exactly."),), passages,
        Dataset((), whole), (), first.parent.resolve(),
    )  # fmt: skip


def _ids(names: Sequence[str]) -> dict[str, str]:
    """Name -> an id of small letters and hyphens, all different."""
    made: dict[str, str] = {}
    for name in names:
        base = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")[:40].strip("-") or "topic"
        id, n = base, 2
        while id in made.values():
            id, n = f"{base}-{n}", n + 1
        made[name] = id
    return made
