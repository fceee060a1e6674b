"""Sections cut into pieces of a few sentences: small enough to ask about, and each with its place."""

from __future__ import annotations

from dataclasses import dataclass

from workshop_kit.authoring.documents.reading import Document
from workshop_kit.authoring.prompts import split_sentences
from workshop_kit.errors import BadInput
from workshop_kit.records import content_id


@dataclass(frozen=True)
class Chunk:
    """A piece of a document; `id` comes from its text, `place` is where it begins."""

    id: str
    document: str
    section: str
    place: str
    text: str

    @property
    def citation(self) -> str:
        """What a row made from it carries: file, place and id."""
        return f"{self.document}, {self.place}, piece {self.id[:8]}"


def chunks(document: Document, target_words: int = 120) -> tuple[Chunk, ...]:
    """Pieces of about `target_words` words, never across sections, cut between sentences where that is possible.

    A sentence longer than twice the target is cut between words. No word is lost and the order stays.
    Raises BadInput for a target below 5.
    """
    if target_words < 5:
        raise BadInput(f"target_words is {target_words}; pieces need at least 5 words.")
    made = []
    for section in document.sections:
        held: list[str] = []
        for sentence in _sentences(section.text, 2 * target_words):
            if held and sum(len(s.split()) for s in held) + len(sentence.split()) > target_words:
                made.append(_chunk(document, section.title, section.place, held))
                held = []
            held.append(sentence)
        if held:
            made.append(_chunk(document, section.title, section.place, held))
    return tuple(made)


def _sentences(text: str, most: int) -> list[str]:
    out = []
    for sentence in split_sentences(text):
        words = sentence.split()
        out += [" ".join(words[n : n + most]) for n in range(0, len(words), most)]
    return out


def _chunk(document: Document, section: str, place: str, sentences: list[str]) -> Chunk:
    text = " ".join(sentences)
    return Chunk(content_id([document.name, place, text]), document.name, section, place, text)
