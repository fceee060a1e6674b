"""The open book: the passages that a question needs, in a prompt of bounded length."""

from __future__ import annotations

import pytest

from workshop_kit.domains import Passage
from workshop_kit.errors import BadInput
from workshop_kit.playground import with_open_book
from workshop_kit.retrieval import INSTRUCTION, LONGEST_PASSAGE, OpenBook, label, open_book

TEXTS = (
    "A fishing licence costs $15 and takes two days.",
    "Fence permits cost $110; bring a site plan.",
    "A boat must be registered at the harbor office.",
    "The kennel fee is $9 a night.",
)
BOOK = OpenBook([Passage("t", f"Section {n}", text) for n, text in enumerate(TEXTS)])


@pytest.mark.parametrize(
    ("question", "nearest"),
    [
        ("What does a fishing licence cost?", 0),
        ("I want to put up fencing round my garden, what papers do you need?", 1),
        ("Where do I go to get my boats registered?", 2),
        ("kennels?", 3),
    ],
)
def test_the_passage_that_a_question_needs_comes_first(question: str, nearest: int) -> None:
    found = BOOK.passages(question)
    assert found[0].text == TEXTS[nearest] and len(found) <= 3


def test_a_prompt_holds_the_question_the_passages_and_the_instruction() -> None:
    asked = "What does a fishing licence cost?"
    told = BOOK.prompt(asked)
    assert told.startswith(f"Question: {asked}\n\nHandbook:\n- {TEXTS[0]}\n") and told.endswith(f"\n\n{INSTRUCTION}")


def test_a_question_that_shares_nothing_with_the_book_leaves_the_prompt_as_it_was() -> None:
    assert BOOK.passages("§§ 每日 §§") == () and BOOK.prompt("§§ 每日 §§") == "§§ 每日 §§"


def test_a_long_passage_is_cut_between_words() -> None:
    book = OpenBook([Passage("t", "Long", "badger " * 2000)], 1)
    told = book.prompt("badger").removeprefix("Question: badger\n\nHandbook:\n- ").removesuffix(f"\n\n{INSTRUCTION}")
    assert len(told) <= LONGEST_PASSAGE + 2 and told.endswith("badger …") and "badge …" not in told


def test_the_id_changes_with_the_text_the_number_and_the_instruction() -> None:
    passages = list(BOOK.all)
    others = [
        OpenBook(passages[:3]),
        OpenBook([*passages[:3], Passage("t", "Section 3", "The kennel fee is $10 a night.")]),
        OpenBook(passages, 2),
        OpenBook(passages, 3, "Say it in rhyme."),
    ]
    assert OpenBook(passages).id == BOOK.id and len({BOOK.id, *(book.id for book in others)}) == 5


def test_bad_input_is_named() -> None:
    with pytest.raises(BadInput, match="handbook is empty"):
        OpenBook([])
    for count in (0, 9, True, 1.5):
        with pytest.raises(BadInput, match="it may be 1 to 8"):
            OpenBook(BOOK.all, count)  # type: ignore[arg-type]
    with pytest.raises(BadInput, match="no domain"):
        open_book("no-such-domain")


class Told:
    """A model that says what it was told."""

    label, system = "mine", "As in training."

    def ask(self, question: str, system: str | None = None, **settings: object) -> str:
        return f"{question}|{system}|{settings}"


def test_any_model_can_be_asked_with_the_book_open() -> None:
    model = with_open_book(Told(), BOOK)
    assert model.label == "mine, with the three nearest handbook passages in its prompt"
    question = "kennels?"
    assert model.ask(question, temperature=0.5) == f"{BOOK.prompt(question)}|None|{{'temperature': 0.5}}"
    assert model.ask(question, "Be kind.").split("|")[1] == "Be kind."
    assert [p.text for p in model.passages(question)] == [p.text for p in BOOK.passages(question)]


def test_one_passage_is_told_in_the_singular() -> None:
    assert label(1) == "with the one nearest handbook passage in its prompt"


def test_a_question_about_two_things_gets_a_passage_on_each() -> None:
    texts = (
        "The ferry to the north island takes cars and costs $20.",
        "The ferry to the north island takes bicycles and costs $5.",
        "Camping on the beach needs a permit.",
    )
    book = OpenBook([Passage("t", "", text) for text in texts], 2)
    found = book.passages("We take the ferry to the north island with cars and want to go camping on the beach.")
    assert [passage.text for passage in found] == [texts[0], texts[2]]
