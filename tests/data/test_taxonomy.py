"""A tree of topics: every edit gives a new tree, an outline reads back, and a plan can be made of it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workshop_kit import authoring
from workshop_kit.authoring.taxonomy import Taxonomy, propose_taxonomy, taxonomy
from workshop_kit.domains import load_domain
from workshop_kit.errors import BadInput

sys.path.insert(0, str(Path(__file__).parent))
from toy_aws import ToyAws

TREE = Taxonomy.from_text("Fees: what things cost\n  Boats\n  Fishing: on the shore\nOffices\n\tHarbor")


def test_an_outline_is_a_tree():
    assert [(n.topic.title, [c.title for c in n.children]) for n in TREE.nodes] == [
        ("Fees", ["Boats", "Fishing"]),
        ("Offices", ["Harbor"]),
    ]
    assert [t.id for t in TREE.leaves] == ["boats", "fishing", "harbor"]
    assert TREE.leaves[1].description == "Fees. on the shore"


def test_edits_give_new_trees():
    assert [t.id for t in TREE.add("Boats", parent="offices")] == [
        "fees",
        "boats",
        "fishing",
        "offices",
        "harbor",
        "boats-2",
    ]
    assert [t.title for t in TREE.rename("boats", "Ships")] == ["Fees", "Ships", "Fishing", "Offices", "Harbor"]
    assert [t.id for t in TREE.remove("fees")] == ["offices", "harbor"]
    assert [t.id for t in TREE.move("fishing", -1)][1:3] == ["fishing", "boats"]
    assert [t.id for t in TREE.move("offices", -5)][0] == "offices"
    assert [t.id for t in TREE.put_under("boats", "offices").nodes[1].children] == ["harbor", "boats"]
    assert [n.topic.id for n in TREE.put_under("boats").nodes] == ["fees", "offices", "boats"]
    merged = TREE.merge("fees", "offices")
    assert [t.id for t in merged] == ["offices", "harbor", "boats", "fishing"]
    assert merged.nodes[0].topic.description == "what things cost"
    assert len(TREE) == 5, "the tree itself must not change"


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda t: t.add(" "), "needs a title"), (lambda t: t.add("x", parent="none"), "no topic 'none'"),
        (lambda t: t.add("x", parent="boats"), "two levels"), (lambda t: t.rename("boats", ""), "needs a title"),
        (lambda t: t.remove("none"), "no topic"), (lambda t: t.put_under("fees", "offices"), "parts of its own"),
        (lambda t: t.put_under("boats", "boats"), "part of itself"),
        (lambda t: t.merge("boats", "fees"), "first level"),
        (lambda t: Taxonomy.from_text("  part"), "Line 1.*no topic stands above"),
        (lambda t: t.merge("boats", "boats"), "Two different"),
        (lambda t: Taxonomy.from_text("a\n: x"), "Line 2.*no title"),
        (lambda t: Taxonomy.from_text("a\n    b\n      c"), "Line 3.*part of a part"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_told_in_one_sentence(edit, says):
    with pytest.raises(BadInput, match=says):
        edit(TREE)


# What an outline gives a meaning to, any letter, and every kind of blank.
MARKS = st.text(st.sampled_from("ab:: \\-*•\t\n\u2028"), min_size=1, max_size=8)
TITLES = (MARKS | st.text(min_size=1, max_size=8)).filter(str.strip)
ABOUT = st.just("") | TITLES


@settings(max_examples=400)
@given(st.lists(st.tuples(TITLES, ABOUT, st.lists(st.tuples(TITLES, ABOUT), max_size=3)), max_size=4))
def test_an_outline_reads_back_as_it_was_written(shape):
    tree = Taxonomy()
    for title, about, parts in shape:
        tree = tree.add(title, about)
        top = tree.nodes[-1].topic.id
        for part, about_part in parts:
            tree = tree.add(part, about_part, top)
    assert Taxonomy.from_text(tree.to_text()) == tree
    assert Taxonomy.from_text(tree.to_text(), tree) == tree


@settings(max_examples=200)
@given(st.text(max_size=60) | MARKS)
def test_whatever_people_type_is_a_tree_or_one_sentence(text):
    try:
        tree = Taxonomy.from_text(text, TREE)
    except BadInput as told:
        assert "Line" in str(told) and "\n" not in str(told)
    else:
        assert Taxonomy.from_text(tree.to_text(), tree) == tree


def test_an_outline_typed_by_hand_reads_as_it_looks():
    tree = Taxonomy.from_text("- Fees: what: all costs\n    - Boats:\n    * -5 degrees\n\nOffice hours\\: harbor")
    assert [t.title for t in tree] == ["Fees", "Boats", "-5 degrees", "Office hours: harbor"]
    assert tree.nodes[0].topic.description == "what: all costs"


def test_ids_survive_an_edit_of_the_outline():
    renamed = TREE.rename("boats", "Ships and boats")
    again = Taxonomy.from_text(renamed.to_text() + "\nNew", renamed)
    assert [t.id for t in again] == [*[t.id for t in renamed], "new"]


def test_an_id_stays_with_its_topic_whatever_else_the_outline_gains():
    before = TREE.rename("boats", "Ships").add("Ships", "two of a name", "offices")
    again = Taxonomy.from_text("Boats\n" + before.to_text(), before)
    assert [(t.title, t.id) for t in again][1:] == [(t.title, t.id) for t in before]
    assert [t.id for t in again][0] == "boats-2", "another topic's rows must not fall to the new one"


def test_parts_merge_too():
    merged = TREE.merge("boats", "harbor")
    assert [t.id for t in merged] == ["fees", "fishing", "offices", "harbor"]
    assert TREE.merge("fishing", "harbor").nodes[1].children[0].description == "on the shore"


def test_a_tree_is_a_plans_topics_and_a_part_keeps_to_its_topics_text():
    domain = load_domain("state-local-services")
    top, other = domain.topics[:2]
    tree = taxonomy(domain.topics).add("Camping pass", parent=top.id).add("What things cost", parent=top.id)
    made = authoring.plan(domain, 8, topics=tree)
    assert list(dict.fromkeys(i.topic.id for i in made.items)) == [t.id for t in tree.leaves]
    assert top.id not in {i.topic.id for i in made.items} and other.id in {i.topic.id for i in made.items}
    own = " ".join(p.text for p in domain.passages_for(top.id))
    parts = [i for i in made.items if i.topic.id in ("camping-pass", "what-things-cost")]
    assert parts and all(i.passage in own for i in parts)
    with pytest.raises(BadInput, match="no topics"):
        authoring.plan(domain, topics=Taxonomy())


def test_a_plan_can_be_made_of_parts():
    domain = load_domain("state-local-services")
    tree = propose_taxonomy(ToyAws(), domain, len(domain.topics))
    assert tree == taxonomy(domain.topics)
    top = domain.topics[0]
    parted = tree.add("Camping pass", parent=top.id).add("Boat registration", parent=top.id)
    plan = authoring.plan(domain, 4, topics=parted.leaves)
    asked = {item.topic.id: item.passage for item in plan.items}
    assert "camping pass" in asked["camping-pass"].lower() and plan.rows == 4 * len(parted.leaves)


def test_a_model_can_propose_parts_too():
    tree = propose_taxonomy(ToyAws(), load_domain("state-local-services"), 3, parts=2)
    assert len(tree.nodes) == 3 and all(1 <= len(node.children) <= 2 for node in tree.nodes)
