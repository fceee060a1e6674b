import json
import random
import re
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workshop_kit.local_aws.foundry import corpus, datasets, language, tokenizer
from workshop_kit.local_aws.foundry.language import Fact
from workshop_kit.local_aws.foundry.sectors import SECTORS
from workshop_kit.local_aws.foundry.worlds import pretraining_worlds, shipped_worlds

REPO = Path(__file__).resolve().parents[2]
WEIGHTS = REPO / "workshop_kit" / "local_aws" / "weights"
WORLDS = [*pretraining_worlds(), *shipped_worlds()]
FACTS = [fact for world in WORLDS for fact in world.facts]
facts = st.sampled_from(FACTS)


@given(facts, st.integers(0, 2))
def test_every_statement_reads_back_as_the_fact_it_states(fact: Fact, style: int) -> None:
    assert language.parse(language.state(fact, style)) == fact


@given(st.text(max_size=80))
def test_other_sentences_state_no_fact(text: str) -> None:
    found = language.parse(text)
    assert found is None or language.state(found, 0) == text


@given(facts, st.randoms(use_true_random=False))
def test_a_question_names_what_it_asks_about_and_never_the_value(fact: Fact, chance: random.Random) -> None:
    for held_out in (False, True):
        question = language.ask(fact, chance, held_out=held_out)
        assert fact.place in question and fact.entity in question and question.endswith((".", "?"))
        assert fact.value not in question


def test_known_and_held_out_wordings_differ() -> None:
    for sector in SECTORS:
        for attribute in sector.attributes:
            assert not set(attribute.known) & set(attribute.held_out)
            assert len(attribute.statements) == 3


@pytest.mark.parametrize("world", shipped_worlds(), ids=lambda w: w.sector.id)
def test_the_shipped_domains_are_what_the_script_writes(world) -> None:
    for name, text in datasets.build(world).items():
        path = REPO / "datasets" / "tiny" / world.sector.id / name
        assert path.read_text(encoding="utf-8") == text, f"run python -m {datasets.__name__}"


@pytest.mark.parametrize("world", shipped_worlds(), ids=lambda w: w.sector.id)
def test_hidden_questions_are_new_to_the_rows_but_their_facts_are_not(world) -> None:
    folder = REPO / "datasets" / "tiny" / world.sector.id

    def rows(name: str) -> list[dict]:
        return [json.loads(line) for line in (folder / name).read_text(encoding="utf-8").splitlines()]

    examples, hidden, practice = (
        rows("examples.jsonl"),
        rows("hidden_questions.jsonl"),
        rows("practice_questions.jsonl"),
    )
    assert (len(examples), len(practice), len(hidden)) == (datasets.ROWS, datasets.PRACTICE, datasets.HIDDEN)
    asked = {row["instruction"] for row in examples}
    assert not asked & {q["question"] for q in [*hidden, *practice]}
    assert not {q["question"] for q in hidden} & {q["question"] for q in practice}
    taught = " ".join(row["response"] for row in examples)
    missing = [f["fact"] for q in hidden for f in q["key_facts"] if f["fact"] not in taught]
    assert missing == []
    assert {q["topic"] for q in hidden} == {group.id for group in world.sector.groups}
    for q in hidden:
        assert all(f["any_of"][0] in q["reference_answer"] for f in q["key_facts"])


def test_the_shipped_facts_are_not_in_the_pretraining_text() -> None:
    """A shipped place is only ever named beside values made up for one conversation, inside that conversation."""
    taught = [s for s in islice(corpus.samples(0), 20000) if any(w.place in s.given + s.said for w in shipped_worlds())]
    assert taught, "the shipped places must be named, or the model can't say their names"
    for sample in taught:
        # The answer can be read off what was given: nothing about the place itself is to be remembered.
        assert sample.said.removesuffix(corpus.TURN_END) in sample.given


def test_the_corpus_is_the_same_every_time() -> None:
    assert list(islice(corpus.samples(3), 200)) == list(islice(corpus.samples(3), 200))
    assert list(islice(corpus.samples(3), 200)) != list(islice(corpus.samples(4), 200))


@pytest.mark.parametrize("name", ["base", "reference"])
def test_the_committed_weights_are_small_and_described(name: str) -> None:
    folder = WEIGHTS / name
    size = (folder / "model.safetensors").stat().st_size
    assert 1e6 < size <= 10e6
    assert "python -m workshop_kit.local_aws.foundry" in (folder / "MODEL_CARD.md").read_text(encoding="utf-8")
    assert json.loads((folder / "config.json").read_text())["model_type"] == "llama"


@pytest.mark.parametrize("name", ["base", "reference"])
def test_the_tokenizer_loses_no_text_and_has_llamas_marks(name: str) -> None:
    from transformers import AutoTokenizer

    loaded = AutoTokenizer.from_pretrained(WEIGHTS / name)
    for text in ("A fishing licence in Calder costs $15.", "naïve 漢字 🚲 \t\n x", "It is $1,250."):
        assert loaded.decode(loaded(text, add_special_tokens=False)["input_ids"]) == text
    assert len(loaded(" Calder", add_special_tokens=False)["input_ids"]) == 1
    for mark in corpus.SPECIAL_TOKENS:
        assert len(loaded(mark, add_special_tokens=False)["input_ids"]) == 1
    rendered = loaded.apply_chat_template(
        [{"role": "user", "content": "Hi"}], tokenize=False, add_generation_prompt=True
    )
    assert rendered == corpus.conversation("Hi", "").given


def test_every_committed_tokenizer_is_the_one_the_script_trains(tmp_path: Path) -> None:
    tokenizer.train(tmp_path)
    for name in ("base", "reference"):
        assert (WEIGHTS / name / "tokenizer.json").read_text() == (tmp_path / "tokenizer.json").read_text()


def test_the_base_answers_about_the_worlds_it_knows_and_not_about_the_shipped_ones() -> None:
    from workshop_kit.local_aws.foundry.measure import answers

    def right(worlds, count: int = 40) -> float:
        chance = random.Random(7)
        asked = [chance.choice(chance.choice(worlds).facts) for _ in range(count)]
        said = answers(WEIGHTS / "base", None, [corpus.conversation(language.ask(f, chance), "").given for f in asked])
        return sum(f.value in text for f, text in zip(asked, said, strict=True)) / count

    assert right(pretraining_worlds()) > 0.8
    assert right(shipped_worlds()) < 0.3


def test_the_reference_is_the_better_reader_of_the_two() -> None:
    """What makes it a reference: given a passage it answers from it, which the base often can't."""
    from workshop_kit.local_aws.foundry.measure import answers

    chance = random.Random(8)
    asked = [corpus.reading(chance.choice(WORLDS), chance) for _ in range(120)]

    def right(name: str) -> float:
        said = answers(WEIGHTS / name, None, [sample.given for sample in asked])
        return sum(s.said == text + corpus.TURN_END for s, text in zip(asked, said, strict=True)) / len(asked)

    assert right("reference") >= right("base") + 0.1


def test_a_designs_share_of_readings_is_what_the_text_holds() -> None:
    for share in (corpus.READINGS, 0.4):
        chosen = [sample.given for sample in islice(corpus.samples(3, share), 2000)]
        readings = sum(
            "\n\n" in text.split(f"user{corpus.HEADER_END}\n\n")[-1].split(corpus.TURN_END)[0] for text in chosen
        )
        readings /= len(chosen)
        assert abs(readings - share) < 0.06, share


def test_pretraining_really_lowers_the_loss(tmp_path: Path) -> None:
    from workshop_kit.local_aws.foundry.pretrain import Design, pretrain

    lines: list[str] = []
    end = pretrain(Design(hidden=32, layers=1, heads=2, inner=64, steps=150, batch=8), tmp_path, progress=lines.append)
    assert end < 6.0 and (tmp_path / "model.safetensors").is_file()  # an untrained model is at ln(1200) = 7.1
    assert re.search(r"step 150/150  loss", lines[-1])
