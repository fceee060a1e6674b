"""The opponent: asked with the book open where it is local AWS's untuned model, and never twice for one answer."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.league.conftest import entry_of
from tests.worlds.models import ToyAws, said
from workshop_kit.errors import BadInput
from workshop_kit.league import client
from workshop_kit.league.event import EventSettings, settings_from
from workshop_kit.league.opponent import Opponent, opponent
from workshop_kit.league.store import submissions, teams
from workshop_kit.league.store.events import change_settings, settings_of
from workshop_kit.league.store.standings import places, rows
from workshop_kit.playground import with_open_book
from workshop_kit.retrieval import OpenBook, open_book

LABEL = "Toy-135M-Instruct, untuned, with the three nearest handbook passages in its prompt (local)"


class Reading(ToyAws):
    """Its reference is untuned: it says what stands in its prompt of the frame that is asked for, or nothing of use."""

    name = "Toy-135M-Instruct, untuned (local)"

    def __init__(self) -> None:
        super().__init__()
        self.references: list[str] = []

    def get_foundation_model(self, modelIdentifier: str) -> dict[str, Any]:
        return {"modelDetails": {"modelName": self.name}}

    def converse(self, modelId: str, messages: Any, **more: Any) -> dict[str, Any]:
        if "judge" in modelId:
            return super().converse(modelId, messages)
        asked, _, shown = messages[0]["content"][0]["text"].partition("\n\n")
        self.references.append(shown)
        frame = re.search(r"frame (\d+)", asked)
        found = re.search(rf"Frame {frame[1] if frame else ''} costs \$\d+\.", shown)
        return said(found[0] if found else "Good question.")


@pytest.fixture
def aws() -> Reading:
    return Reading()


@pytest.fixture
def domain(domain: Path) -> Path:
    priced = "\n\n".join(f"Frame {n} costs ${100 + n}." for n in range(10))
    (domain / "handbook.md").write_text(f"# Bikes\n\n## Bikes {{#bikes}}\n\n{priced}\n")
    return domain


def _judge(prepare: Any, domain: Path, settings: EventSettings | None = None, **more: Any) -> Any:
    store, entry, judge = prepare(settings, **more)
    judge.book = open_book(domain)
    return store, entry, judge


def _again(store: Any, key: str = "k2") -> Any:
    with store.write() as connection:
        team = teams.named(connection, "Ada")
        target = {"kind": "sagemaker", "endpoint": "right-80", "system": ""}
        return submissions.submit(connection, team.id, set="ranked", target=target, provenance={}, key=key)


def test_an_untuned_local_reference_reads_the_handbook_and_wins_what_the_candidate_does_not_know(
    prepare, domain, aws
) -> None:
    store, entry, judge = _judge(prepare, domain)
    judge.run(entry.id)
    found = entry_of(store, entry.id)
    # The candidate knows eight of ten prices and the reference all: it wins two, and the others are even.
    assert (found.score.wins, found.score.ties, found.score.losses) == (0, 8, 2)
    assert found.opponent["passages"] == 3
    with store.read() as connection:
        (row,) = rows(connection, places(connection))
    assert row.against == LABEL and row.reference_passages == 3 and row.reference == "toy.reference-v1:0"


def test_with_the_book_closed_the_same_reference_knows_nothing(prepare, domain, aws) -> None:
    store, entry, judge = _judge(prepare, domain, EventSettings(reference_open_book=False))
    judge.run(entry.id)
    found = entry_of(store, entry.id)
    assert found.score.wins == 8 and set(aws.references) == {""} and "passages" not in found.opponent


def test_answers_are_kept_for_one_way_of_asking_and_not_asked_for_again(prepare, domain, aws) -> None:
    store, entry, judge = _judge(prepare, domain)
    judge.run(entry.id)
    assert len(aws.references) == 10
    judge.run(_again(store).id)
    assert len(aws.references) == 10, "an answer that was kept was asked for again"
    # Another instruction, number of passages or handbook, another model behind the same id, and a closed book.
    changes = [
        lambda: setattr(judge, "book", OpenBook(judge.book.all, 3, "Say it in rhyme.")),
        lambda: setattr(judge, "book", OpenBook(judge.book.all, 1)),
        lambda: setattr(judge, "book", OpenBook(judge.book.all[:9], 3)),
        lambda: setattr(aws, "name", "Another-1B, untuned (local)"),
    ]
    for number, change in enumerate(changes, start=1):
        change()
        judge.run(_again(store, f"k{number + 2}").id)
        assert len(aws.references) == 10 + 10 * number, f"change {number} was not seen"
    with store.write() as connection:
        change_settings(connection, EventSettings(reference_open_book=False), "Olga")
    judge.run(_again(store, "k9").id)
    assert len(aws.references) == 60


def test_a_submission_that_was_begun_goes_on_with_the_book_as_it_was(prepare, domain, aws) -> None:
    store, entry, judge = _judge(prepare, domain)
    aws.hold.clear()  # nothing is answered yet when the setting changes
    how = opponent(aws, "toy.reference-v1:0", judge.book)
    with store.write() as connection:
        submissions.begin(connection, entry.id, ["toy.judge-v1:0"], "toy.reference-v1:0", "", how.to_dict())
        change_settings(connection, EventSettings(reference_open_book=False), "Olga")
        assert settings_of(connection).reference_open_book is False
    aws.hold.set()
    judge.run(entry.id)
    assert entry_of(store, entry.id).opponent == how.to_dict() and "" not in aws.references


def test_verdicts_against_another_handbook_are_dropped_before_a_submission_goes_on(prepare, domain, aws) -> None:
    store, entry, judge = _judge(prepare, domain)
    judge.run(entry.id)
    with store.write() as connection:
        connection.exec_driver_sql("UPDATE submissions SET state = 'judging', score = NULL, win_rate = NULL")
    judge.book = OpenBook(judge.book.all[:9])
    judge.run(entry.id)
    assert entry_of(store, entry.id).opponent["book"] == judge.book.id and len(aws.references) == 20


def test_on_aws_the_reference_is_asked_as_it_is_unless_the_event_opens_the_book(domain, aws) -> None:
    book = open_book(domain)
    aws.endpoint_url = None
    assert opponent(aws, "us.meta.llama3-2-90b-instruct-v1:0", book) == Opponent()
    opened = opponent(aws, "us.meta.llama3-2-90b-instruct-v1:0", book, True)
    assert opened == Opponent("", 3, book.id)
    assert opened.label("us.meta.llama3-2-90b-instruct-v1:0") == (
        "us.meta.llama3-2-90b-instruct-v1:0, with the three nearest handbook passages in its prompt"
    )


def test_a_local_reference_that_was_trained_on_the_domain_keeps_its_book_closed(domain, aws) -> None:
    aws.name = "Workshop reference (local, 1,000,000 parameters)"
    found = opponent(aws, "workshop.reference-v1:0", open_book(domain))
    assert found.passages == 0 and found.label("workshop.reference-v1:0") == "workshop.reference-v1:0"


def test_practice_meets_the_same_reference_and_shows_its_passages(domain, aws) -> None:
    told = client.practice(aws, "right-50", domain)
    assert told.reference == LABEL and told.score.losses == 5
    assert all(any(f"${100 + n}" in text for text in row["passages"]) for n, row in enumerate(told.rows))
    closed = client.practice(aws, "right-50", domain, reference_open_book=False)
    assert closed.score.wins == 5 and closed.rows[0]["passages"] == []


class Mine:
    """A learner's endpoint."""

    name, system, label = "right-50", "Be kind.", "mine"


def test_a_learner_practises_with_the_book_open_and_submits_with_it_closed(domain, aws) -> None:
    model = with_open_book(Mine(), open_book(domain))
    client.practice(aws, model, domain, limit=3)
    assert all("Be kind." in prompt and "Frame" in prompt for prompt in aws.asked) and len(aws.asked) == 3
    with pytest.raises(BadInput, match="book closed"):
        client.submit(aws, model, "Ada", url="http://127.0.0.1:1")


def test_the_setting_is_checked() -> None:
    assert settings_from({"reference_open_book": True}).reference_open_book is True
    with pytest.raises(BadInput, match="'reference_open_book' is 'yes'; it may be true, false or null"):
        settings_from({"reference_open_book": "yes"})


def test_the_score_card_and_the_standings_say_that_the_book_was_open(tmp_path, domain, aws, serving) -> None:
    with serving(tmp_path / "home", domain, aws) as url:
        told = client.submit(aws, "right-50", "Ada", domain="bicycle-library", url=url)
        assert (told.against, told.reference_passages, told.score.losses) == (LABEL, 3, 5)
        card = told._repr_html_()
        assert LABEL in card and "open, 3 passages" in card
        board = client.standings(domain="bicycle-library", url=url)
        assert board.rows[0]["reference_passages"] == 3 and LABEL in board.to_text() and LABEL in board._repr_html_()
