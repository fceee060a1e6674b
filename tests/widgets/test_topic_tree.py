"""The tree does what its buttons say, takes it back, and tells in words what it can't do."""

import pytest

from workshop_kit.authoring.taxonomy import Taxonomy
from workshop_kit.widgets.topics import TopicTree


@pytest.fixture
def view():
    return TopicTree(Taxonomy.from_text("Fees\n  Boats\nOffices"))


def press(view, name):
    view.buttons[name].click()
    return [t.id for t in view.value]


def test_every_button_does_what_it_says(view):
    view.title.value, view.about.value = "Permits", "what is allowed"
    assert press(view, "Add") == ["fees", "boats", "offices", "permits"]
    view.tree.value = "permits"
    view.title.value = "Signs"
    assert press(view, "Add part")[-1] == "signs"
    view.tree.value = "permits"
    assert press(view, "Up") == ["fees", "boats", "permits", "signs", "offices"]
    assert press(view, "Down")[-2:] == ["permits", "signs"]
    view.title.value = "Rules"
    press(view, "Rename")
    assert [t.title for t in view.value][-2:] == ["Rules", "Signs"]
    view.tree.value = "signs"
    assert press(view, "Out")[-1] == "signs"
    assert press(view, "Into the one above")[-2:] == ["permits", "signs"]
    view.tree.value = "permits"
    assert press(view, "Merge with the one above") == ["fees", "boats", "offices", "signs"]
    view.tree.value = "fees"
    assert press(view, "Remove") == ["offices", "signs"]
    for _ in range(9):
        view.undo.click()
    assert [t.id for t in view.value] == ["fees", "boats", "offices"]
    view.undo.click()
    assert "nothing to take back" in view.told.value


def test_the_outline_is_read_and_a_bad_one_changes_nothing(view):
    view.outline.value = view.outline.value + "\nSigns"
    view.read.click()
    assert [t.id for t in view.value] == ["fees", "boats", "offices", "signs"]
    view.outline.value = "  part"
    view.read.click()
    assert "Line 1" in view.told.value and len(view.value) == 4


def test_what_cant_be_done_is_told(view):
    view.tree.value = "fees"
    press(view, "Merge with the one above")
    assert "no topic of the first level above" in view.told.value
    view.title.value = " "
    press(view, "Add")
    assert "needs a title" in view.told.value
    for _ in range(3):
        view.buttons["Remove"].click()
    press(view, "Remove")
    assert "No topic is chosen" in view.told.value and len(view.value) == 0
    assert view.as_text() == "Topics: 0 to write about"


def test_the_author_forms_prompts_can_be_edited_and_go_into_the_plan():
    from workshop_kit.domains import load_domain
    from workshop_kit.widgets.author import AuthorForm

    form = AuthorForm(load_domain("state-local-services"), questions_per_topic=2, model="amazon.nova-pro-v1:0")
    assert "USD (prices of 2025)" in form.summary.value
    before = form.value.id
    form.prompts["answer"].value += "\nBe kind."
    assert "Be kind." in form.value.answer_prompt(form.value.items[0], "q?") and form.value.id != before
    form.prompts["questions"].value = "Ask something."
    assert form.value is None and "leaves out" in form.summary.value
    form.reset.click()
    assert form.value.id == before
