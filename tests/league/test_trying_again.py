"""A submission that failed is sent again: no place is kept by it, and no queue is filled."""

from pathlib import Path

import pytest
import requests

from tests.league.conftest import RIGHT_80
from workshop_kit.errors import LeagueProblem
from workshop_kit.league import client
from workshop_kit.league.event import EventSettings
from workshop_kit.league.store import open_database, submissions, teams
from workshop_kit.league.store.events import change_settings, open_event


def test_a_failed_submission_is_no_place_kept_for_later(tmp_path: Path, domain: Path, aws, serving) -> None:
    """An endpoint that is not there yet is sent in before the freeze, to be judged after it or to win ties."""
    aws.gone.set()
    with serving(tmp_path / "home", domain, aws) as url:
        with pytest.raises(LeagueProblem, match="could not be judged"):
            client.submit(aws, "right-80", "Ada", domain="bicycle-library", url=url)
        aws.gone.clear()
        early = client.submit(aws, "right-80", "Bob", domain="bicycle-library", url=url)
        client.submit(aws, "right-80", "Ada", domain="bicycle-library", url=url)
        assert [row["participant"] for row in client.standings(url=url).rows] == ["Bob", "Ada"]
        aws.gone.set()
        with pytest.raises(LeagueProblem, match="could not be judged"):
            client.submit(aws, "right-90", "Cy", domain="bicycle-library", url=url)
        aws.gone.clear()
        store = open_database(tmp_path / "home" / "league" / "league.sqlite")
        with store.write() as connection:
            change_settings(connection, EventSettings(phase="freeze"), "organizer Eve")
            failed = next(e for e in submissions.entries(connection) if e.state == "failed")
        store.close()
        reply = requests.post(f"{url}/api/submissions/{failed.id}/retry", timeout=10)
        assert reply.status_code == 409 and "Freeze" in reply.json()["error"]["message"]
        assert client.submit(aws, "right-80", "Bob", domain="bicycle-library", url=url).id == early.id
        with pytest.raises(LeagueProblem, match="In the phase 'Freeze'"):
            client.submit(aws, "right-70", "Bob", domain="bicycle-library", url=url)
        again = requests.post(f"{url}/api/submissions/{early.id}/retry", timeout=10)
        assert again.status_code == 202 and again.json()["state"] == "done", "a judged one is only told"


def test_failed_submissions_sent_again_dont_fill_the_queue(both) -> None:
    with both.write() as connection:
        open_event(connection, "bicycle-library")
        team = teams.named(connection, "Ada").id
        ids = []
        for n in range(2 * submissions.WAITING_AT_ONCE):
            made = submissions.submit(connection, team, set="ranked", target=RIGHT_80, provenance={}, key=f"key-{n}")
            submissions.fail(connection, made.id, "gone")
            ids.append(made.id)
        for id in ids[: submissions.WAITING_AT_ONCE]:
            submissions.retry(connection, id, sent_again=True)
    with both.write() as connection, pytest.raises(LeagueProblem, match="wait to be judged"):
        submissions.retry(connection, ids[-1], sent_again=True)
    with both.write() as connection:
        assert submissions.retry(connection, ids[-1]).state == "queued", "the organizer may"
