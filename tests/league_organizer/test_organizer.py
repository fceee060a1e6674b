"""The organizer's side from Python against a real server."""

from __future__ import annotations

import stat
import time
from datetime import UTC, datetime

import pytest

from tests.league_organizer.conftest import HOSTILE, HOSTILE_ANSWER, join, send_in
from workshop_kit.errors import BadInput, LeagueProblem
from workshop_kit.league.client.talking import call
from workshop_kit.league.organizer import Organizer
from workshop_kit.league.store import open_database
from workshop_kit.league.store.transfer import import_lines


@pytest.fixture
def organizer(league) -> Organizer:
    return Organizer(*league)


def test_settings_are_set_by_dates_and_by_hand(organizer: Organizer) -> None:
    later = datetime(2030, 1, 2, 8, 0, tzinfo=UTC)
    told = organizer.set(phases={"virtual": later, "workshop": "2026-01-01T09:00"}, ranked_quota=3, title="Autumn")
    assert [(p.name, p.starts) for p in told.phases] == [("workshop", 1767258000.0), ("virtual", later.timestamp())]
    assert organizer.settings() == told and told.phase_at(time.time()) == "workshop" and told.title == "Autumn"
    assert organizer.set(phase="freeze").phase_at(0) == "freeze" and organizer.set(phase="").phase == ""
    assert organizer.set(ranked_quota=None).ranked_quota is None
    assert organizer.settings().title == "Autumn", "what is left out stays"


def test_who_may_be_ranked_and_how_the_reference_is_asked_are_settings(organizer: Organizer) -> None:
    told = organizer.set(open_models=True, bases=["a.base"], longest_system_prompt=300, reference_open_book=True)
    assert (told.open_models, told.bases, told.longest_system_prompt, told.reference_open_book) == (
        True, ("a.base",), 300, True,
    )  # fmt: skip
    assert organizer.set(reference_open_book=False).reference_open_book is False
    assert organizer.set(reference_open_book=None).reference_open_book is None
    assert organizer.set(bases=[]).bases == () and organizer.settings().open_models is True


@pytest.mark.parametrize(
    ("settings", "told"),
    [({"phases": {"workshop": "soon"}}, "soon"), ({"colour": "red"}, "colour"), ({"phases": {"lunch": 1}}, "phases")],
)
def test_a_wrong_setting_is_refused_by_its_name(organizer: Organizer, settings, told: str) -> None:
    with pytest.raises((BadInput, LeagueProblem), match=told):
        organizer.set(**settings)


def test_teams_get_codes_that_let_people_in_until_they_are_shut_out(organizer: Organizer) -> None:
    codes = organizer.add_teams(["Ada", HOSTILE])
    assert [team.new for team in codes] == [True, True] and organizer.add_teams(["Ada"])["Ada"].new is False
    shown = codes._repr_html_()
    assert codes[HOSTILE].code in shown and "<img" not in shown and codes[HOSTILE].code not in repr(codes)
    token = call("POST", f"{organizer.url}/api/join", json={"code": codes[HOSTILE].code, "name": "Eve"})["token"]
    assert call("GET", f"{organizer.url}/api/me", token=token)["team"] == HOSTILE
    assert [row["members"] for row in organizer.teams() if row["name"] == HOSTILE] == [["Eve"]]
    assert "<img" not in organizer.teams()._repr_html_()
    organizer.shut_out(HOSTILE)
    with pytest.raises(LeagueProblem):
        call("GET", f"{organizer.url}/api/me", token=token)
    organizer.let_in(HOSTILE)
    assert call("GET", f"{organizer.url}/api/me", token=token)["name"] == "Eve"
    with pytest.raises(BadInput, match="no team 'Zoe'"):
        organizer.shut_out("Zoe")


def test_tokens_are_told_once_and_can_be_revoked(organizer: Organizer) -> None:
    second = Organizer(organizer.url, organizer.new_token("organizer", "Otto"))
    assert second.settings().access == "codes"
    (otto,) = (row for row in organizer.tokens() if row["name"] == "Otto")
    assert organizer.revoke(otto["id"]) and "token" not in otto
    with pytest.raises(LeagueProblem, match="not valid"):
        second.settings()
    code = organizer.event_code()
    assert call("POST", f"{organizer.url}/api/join", json={"code": code, "name": "Cy", "team": "Cy"})["team"] == "Cy"


def test_a_humans_word_replaces_the_judges_and_a_question_goes_and_comes(organizer: Organizer, judged) -> None:
    rows = {row["id"]: row for row in organizer.submissions()}
    assert rows[judged["Ada"]]["win_rate"] == 0.9
    assert [row["participant"] for row in organizer.submissions(team="Bob")] == ["Bob"]
    (bad,) = (row for row in organizer.verdicts(judged["Ada"]) if row["outcome"] != "win")
    assert bad["answer"] == HOSTILE_ANSWER and bad["flags"] and bad["first"] == bad["second"] == "tie"
    assert "<script" not in organizer.verdicts(judged["Ada"])._repr_html_()
    organizer.override(judged["Ada"], bad["question_id"], "win", "Right after all")
    assert organizer.submissions(team="Ada")[0]["win_rate"] == 1.0
    (said,) = (row["override"] for row in organizer.verdicts(judged["Ada"]) if row["question_id"] == bad["question_id"])
    assert said == "win"
    assert organizer.withdraw("h00", "Two readings") == 2
    assert organizer.submissions(team="Bob")[0]["win_rate"] == pytest.approx(2 / 9)
    assert {q["id"]: q["withdrawn"] for q in organizer.questions()}["h00"] == "Two readings"
    assert organizer.restore("h00") == 2 and organizer.submissions(team="Bob")[0]["win_rate"] == 0.3
    actions = [line["action"] for line in organizer.audit()]
    assert {"override", "withdraw question", "restore question"} <= set(actions) and len(organizer.audit(limit=1)) == 1


def test_a_failed_submission_is_judged_again(organizer: Organizer, league, member: str, aws) -> None:
    aws.gone.set()
    id = send_in(*(league[0], member), "right-70")
    assert organizer.submissions(state="failed")[0]["id"] == id
    aws.gone.clear()
    assert organizer.rejudge(id) in ("queued", "judging", "done")
    until = time.monotonic() + 20
    while organizer.submissions()[0]["state"] != "done" and time.monotonic() < until:
        time.sleep(0.05)
    assert organizer.submissions()[0]["win_rate"] == 0.7


def test_appeals_are_decided_with_an_answer(organizer: Organizer, judged, member: str) -> None:
    body = {"submission": judged["Ada"], "text": "Look again <b>please</b>"}
    call("POST", f"{organizer.url}/api/appeals", token=member, json=body)
    (found,) = organizer.appeals()
    assert found["state"] == "open" and "<b>" not in organizer.appeals()._repr_html_()
    organizer.decide(found["id"], "upheld", "You are right.")
    (mine,) = call("GET", f"{organizer.url}/api/appeals", token=member)["appeals"]
    assert mine["state"] == "upheld" and mine["answer"] == "You are right."


def test_peoples_votes_stand_in_the_trust_panel(organizer: Organizer, judged) -> None:
    pairs = organizer.pairs(judged["Ada"])
    assert len(pairs) == 10 and "verdicts" not in pairs[0] and "outcome" not in pairs[0]
    for number, pair in enumerate(pairs, start=1):
        outcome = "win" if pair["answer"].startswith("Frame") else "tie"
        assert organizer.vote(judged["Ada"], pair["id"], outcome) == number
    (same,) = (row for row in organizer.trust() if row["measure"] == "same as people")
    assert same["value"] == "100%" and same["cases"] == "10"
    assert any("Not calibrated yet" in note for note in organizer.trust().notes)
    assert organizer.strengths()[0]["name"] == "Ada"
    assert "better beyond chance" in organizer.compare(judged["Ada"], judged["Bob"])


def test_an_export_is_whole_for_its_owner_alone_and_can_be_read_again(organizer: Organizer, judged, tmp_path) -> None:
    path = organizer.export(tmp_path / "out" / "event.jsonl")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and [p.name for p in path.parent.iterdir()] == ["event.jsonl"]
    other = open_database(tmp_path / "other.sqlite")
    assert import_lines(other, path.read_text(encoding="utf-8").splitlines())["submissions"] == 2
    other.close()


def test_an_export_that_is_refused_leaves_the_file_that_was_there(league, member: str, tmp_path) -> None:
    path = tmp_path / "event.jsonl"
    path.write_text("before")
    with pytest.raises(LeagueProblem, match="organizer"):
        Organizer(league[0], member).export(path)
    assert path.read_text() == "before" and not list(tmp_path.glob(".event*"))


def test_what_is_no_organizers_token_says_so(league, member: str) -> None:
    with pytest.raises(LeagueProblem, match="for the organizer"):
        Organizer(league[0], member).teams()
    with pytest.raises(BadInput, match="token is missing"):
        Organizer(league[0], " ")
    assert join(*league, "Cy") not in repr(Organizer(*league))
