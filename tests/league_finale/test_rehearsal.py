"""A whole finale through the real HTTP API: five contestants, five rounds, three scores, a server that is restarted."""

from __future__ import annotations

from workshop_kit.league.finale import FinaleView
from workshop_kit.league.finale.rehearsal import rehearse


def test_a_whole_finale_is_rehearsed_and_survives_a_restart_in_mid_round(fresh, teams, questions) -> None:
    seen: list[str] = []

    def between(moment: str, view: FinaleView) -> None:
        seen.append(f"{moment} {view.round}")
        if seen[-1] in ("asked 2", "voting 3"):
            fresh.restart()

    done = rehearse(
        fresh.url, fresh.token, contestants=teams, questions=questions(5), seconds=2.0, audience=12, experts=3,
        grace=2.0, between=between,
    )  # fmt: skip
    assert done.view.over and done.rounds == 5 and done.notes == ()
    assert done.generations == 5 * 5 * 2 and done.failed == 0
    assert done.scores == 5 * 5 * 3 and done.votes == 5 * 12 and done.late_refused == 25
    assert [moment.split()[0] for moment in seen[-6:]] == ["open", "asked", "closed", "voting", "counted", "revealed"]
    assert len(done.view.standing) == 5 and sum(row["llm"] for row in done.view.standing) > 0
    best = {row["contestant"]: row["llm"] for row in done.view.standing}
    # Whose model knows more has more from the judge; names are never told to it.
    assert best["Ann & Söhne"] > best["<b>Ben</b>"] > best["Cy"] > best["Dee"]
    for result in done.view.told["results"]:
        assert result["shares"] == {"llm": 0.4, "experts": 0.4, "audience": 0.2} and result["notes"] == []
    assert "simulated" in done._repr_html_() and "&lt;b&gt;Ben&lt;/b&gt;" in done._repr_html_()
    assert "<b>Ben" not in done._repr_html_()
    assert fresh.aws.judged == 25 and len(fresh.aws.asked) == 50, "an answer was judged or asked for twice"


def test_a_rehearsal_tells_of_models_that_never_answer(playing, teams, questions) -> None:
    names = [(name, "bikes-0") for name, _ in teams[:2]]
    playing.aws.gone = "bikes-0"
    done = rehearse(
        playing.director, contestants=names, questions=questions(1), seconds=1, grace=0.5, audience=1, experts=1,
        instead=True,
    )  # fmt: skip
    assert done.notes == ("Round 1 was skipped: Nobody had an answer within 1 s.",)
    assert done.failed == done.generations == 4 and done.view.phase == "skipped" and done.view.standing == ()
    assert "Nobody had an answer" in done._repr_html_()
