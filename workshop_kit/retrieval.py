"""An open book: the passages of a domain's handbook that are nearest to a question, put into a model's prompt.

    book = open_book("insurance-underwriting")
    book.passages("A roof of thirty years?")      what would be shown, nearest first
    model.ask(book.prompt(question))              the same model with the book open

The league asks its reference model so where that is untuned, and a learner can ask any model so: retrieval and tuning
are two ways to a domain's facts, and can be joined. Nearness is TF-IDF over words and parts of words: no model, no
network.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from workshop_kit.domains import Domain, Passage, load_domain
from workshop_kit.errors import BadInput
from workshop_kit.records import content_id

PASSAGES = 3
MOST_PASSAGES = 8
OVERLAP = 0.5
INSTRUCTION = "Answer the question by repeating what these passages of the handbook say."
# Characters of one passage that are shown: a learner's own documents may hold paragraphs of any length.
LONGEST_PASSAGE = 2_000
# Words tell what a passage is about; parts of words find "licences" where the question says "licensed".
WORDS = {"analyzer": "word", "ngram_range": (1, 2), "token_pattern": r"(?u)\b\w+\b"}
PARTS = {"analyzer": "char_wb", "ngram_range": (3, 5)}
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight")


class OpenBook:
    """A handbook to look things up in; safe to share among threads."""

    def __init__(self, passages: Sequence[Passage], count: int = PASSAGES, instruction: str = INSTRUCTION) -> None:
        """Show `count` passages under `instruction`; raises BadInput without passages, or for a count not 1 to 8."""
        if not passages:
            raise BadInput("There is no passage to open the book at; the handbook is empty.")
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_PASSAGES:
            raise BadInput(f"The number of passages is {count!r}; it may be 1 to {MOST_PASSAGES}.")
        self.all = tuple(passages)
        self.count, self.instruction = count, instruction
        self._lock = threading.Lock()

    @cached_property
    def id(self) -> str:
        """A content hash of the handbook, the number of passages and the instruction: what an answer rests on."""
        told = [[passage.topic, passage.title, passage.text] for passage in self.all]
        return content_id([told, self.count, self.instruction, LONGEST_PASSAGE, OVERLAP])

    @property
    def label(self) -> str:
        """What a model asked in this way has, in words."""
        return label(self.count)

    def passages(self, question: str) -> tuple[Passage, ...]:
        """The passages nearest to a question, nearest first; fewer when fewer share a word with it.

        After the first, each has the largest similarity to the question less OVERLAP times that to a passage chosen
        before (maximal marginal relevance): a question about two things gets a passage on each.
        """
        with self._lock:
            weigh, matrix = self._index
        near = (matrix @ weigh.transform([question]).T).toarray().ravel()
        chosen: list[int] = []
        worth = near
        while len(chosen) < self.count:
            left = [n for n in range(len(self.all)) if near[n] > 0 and n not in chosen]
            if not left:
                break
            chosen.append(max(left, key=lambda n: worth[n]))
            worth = near - OVERLAP * (matrix @ matrix[chosen].T).toarray().max(axis=1)
        return tuple(self.all[n] for n in chosen)

    def prompt(self, question: str) -> str:
        """The question with its passages and the instruction, to be asked in the place of the question.

        A small model heeds what comes last: the passages follow the question, and the instruction follows them. Where
        no passage shares a word with the question it is the question alone.
        """
        found = self.passages(question)
        if not found:
            return question
        shown = "\n".join(f"- {_cut(passage.text)}" for passage in found)
        return f"Question: {question}\n\nHandbook:\n{shown}\n\n{self.instruction}"

    @cached_property
    def _index(self) -> tuple[Any, Any]:
        from sklearn.feature_extraction.text import TfidfVectorizer
        from sklearn.pipeline import FeatureUnion

        weigh = FeatureUnion(
            [(name, TfidfVectorizer(sublinear_tf=True, **how)) for name, how in (("words", WORDS), ("parts", PARTS))]
        )
        return weigh, weigh.fit_transform([f"{passage.title}\n{passage.text}" for passage in self.all])


def open_book(domain: Domain | str | Path, passages: int = PASSAGES) -> OpenBook:
    """The handbook of a domain (its id, its folder, or one made of a learner's documents), to be looked up in.

    Raises BadInput when there is no such domain or it has no handbook.
    """
    found = domain if isinstance(domain, Domain) else load_domain(domain)
    return OpenBook(found.passages, passages)


def label(count: int) -> str:
    """What a model that is asked with this many passages has, in words."""
    return f"with the {NUMBERS[count]} nearest handbook passage{'s' if count > 1 else ''} in its prompt"


def _cut(text: str) -> str:
    """A passage of bounded length, cut between two words."""
    if len(text) <= LONGEST_PASSAGE:
        return text
    return text[:LONGEST_PASSAGE].rsplit(None, 1)[0] + " …"
