"""What an organizer edits, and what a slip in it is told as."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from workshop_kit.errors import BadInput
from workshop_kit.league.judge import JudgeSettings, write_prompts
from workshop_kit.league.judge.settings import FILES


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_prompts(tmp_path)
    return tmp_path


def edit(path: Path, before: str, after: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert before in text
    path.write_text(text.replace(before, after), encoding="utf-8")


def test_the_shipped_criteria_are_the_leagues() -> None:
    found = JudgeSettings.load()
    assert found.names == ("accuracy", "completeness", "domain_adaptability")
    assert all(c.description and c.weight > 0 and c.anchors[0][0] == 0 for c in found.criteria)


def test_a_copy_reads_as_the_shipped_files_and_is_never_written_over(folder: Path) -> None:
    assert JudgeSettings.load(folder) == JudgeSettings.load()
    edit(folder / "prompts/pairwise.md", "Length is no merit.", "Brevity is a merit.")
    assert write_prompts(folder) == ()
    assert "Brevity is a merit." in JudgeSettings.load(folder).pairwise


def test_a_single_edited_file_is_enough(tmp_path: Path) -> None:
    (tmp_path / "prompts").mkdir()
    (tmp_path / "prompts/system.md").write_text("You are strict. Reply with JSON.\n")
    found = JudgeSettings.load(tmp_path)
    assert found.system == "You are strict. Reply with JSON.\n"
    assert found.pairwise == JudgeSettings.load().pairwise


def test_the_id_follows_whatever_changes_a_verdict_and_nothing_else() -> None:
    found = JudgeSettings.load()
    changes = [
        {"system": "x"}, {"pairwise": "x"}, {"rubric": "x"}, {"repair": "x"}, {"criteria": found.criteria[:2]},
        {"longest_answer": 500}, {"flips": "scores"},
    ]  # fmt: skip
    assert len({found.id, *(replace(found, **change).id for change in changes)}) == len(changes) + 1
    assert replace(found, judges=("one", "two")).id == found.id


def test_the_note_at_the_head_of_a_prompt_is_not_sent() -> None:
    assert "not sent" not in JudgeSettings.load().pairwise


@pytest.mark.parametrize(
    ("file", "before", "after", "says"),
    [
        ("prompts/pairwise.md", "$answer_b\n", "", r"pairwise\.md leaves out \$answer_b; put it back"),
        ("prompts/rubric.md", "$reply", "", r"rubric\.md leaves out \$reply"),
        (
            "prompts/pairwise.md",
            "Length is no merit.",
            "It costs $ 5.",
            r"pairwise\.md, line 15: a '\$' starts no name",
        ),
        (
            "prompts/pairwise.md",
            "$criteria\n",
            "$criteria\n$weather\n",
            r"line 11: there is no \$weather; .*\$answer_a",
        ),
        ("prompts/system.md", "You judge", "$question You judge", r"system\.md, line 1: there is no \$question"),
        ("prompts/repair.md", "$problem", "it", r"repair\.md leaves out \$problem"),
        ("criteria.json", '"weight": 3', '"weight": 0', r"criterion 1 \(accuracy\): the weight is 0"),
        ("criteria.json", '"weight": 3', '"weight": ', r"criteria\.json, line 5, column"),
        ("criteria.json", '"completeness"', '"accuracy"', r"criterion 2: the name 'accuracy' is taken"),
        ("criteria.json", '"accuracy"', '"Accu racy"', "small letters"),
        ("criteria.json", '"0": "could', '"11": "could', r'criterion 3 .*scores from "0" to "10"'),
        ("criteria.json", '"weight": 3', '"wieght": 3', "name, description, weight and anchors, and nothing else"),
        ("options.json", "6000", "20", "from 200 to 100000"),
        ("options.json", '"flip"', '"perhaps"', "one of flip, decided, scores"),
        ("options.json", "[]", '["m", "m"]', "stands twice"),
        ("options.json", '"judges": []', '"judges": "m"', "list of model ids"),
        ("options.json", "longest_answer", "longest", "nothing else"),
    ],
)
def test_a_slip_is_told_with_its_file_and_place(folder: Path, file: str, before: str, after: str, says: str) -> None:
    edit(folder / file, before, after)
    with pytest.raises(BadInput, match=says) as told:
        JudgeSettings.load(folder)
    assert str(folder / file) in str(told.value)


def test_an_empty_prompt_or_one_that_is_no_text_is_told(folder: Path) -> None:
    (folder / "prompts/rubric.md").write_text("<!-- only a note -->\n")
    with pytest.raises(BadInput, match=r"rubric\.md is empty"):
        JudgeSettings.load(folder)
    (folder / "prompts/rubric.md").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInput, match=r"rubric\.md can't be read"):
        JudgeSettings.load(folder)


def test_a_misspelt_file_is_not_passed_over(folder: Path) -> None:
    (folder / "prompts/pairwsie.md").write_text("x")
    with pytest.raises(BadInput, match=r"pairwsie\.md is no file of the judge"):
        JudgeSettings.load(folder)


def test_a_folder_without_any_of_the_files_is_told_how_to_get_them(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="write_prompts"):
        JudgeSettings.load(tmp_path / "nowhere")


@pytest.mark.parametrize("criteria", ["{}", "[]", "[3]", '["accuracy"]', "[" * 100_000])
def test_no_criteria_at_all_are_told(folder: Path, criteria: str) -> None:
    (folder / "criteria.json").write_text(criteria)
    with pytest.raises(BadInput, match=r"criteria\.json"):
        JudgeSettings.load(folder)


def test_an_own_criterion_is_asked_for(folder: Path) -> None:
    from workshop_kit.domains import load_domain
    from workshop_kit.league.judge import prompt

    own = {"name": "warmth", "description": "It is friendly.", "weight": 2, "anchors": {"10": "like a good host"}}
    (folder / "criteria.json").write_text(json.dumps([own]))
    question = load_domain("state-local-services").practice_questions[0]
    text = prompt(question, "a", "b", JudgeSettings.load(folder))
    assert "like a good host" in text and '"criteria": {"warmth": {"a": 0-10, "b": 0-10}}' in text


def test_every_file_that_is_read_is_shipped() -> None:
    from workshop_kit.league.judge.settings import HERE

    assert all((HERE / name).is_file() for name in FILES)
    page = JudgeSettings.load()._repr_html_()
    assert "accuracy" in page and "$answer_a" in page
