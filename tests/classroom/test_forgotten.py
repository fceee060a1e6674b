"""Whoever is forgotten, or shares no more, is told of no more: not by a report that was waiting to be sent again."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from workshop_kit.classroom import attending, reporting, sharing


class Busy:
    """A class that has no time for reports while `busy`, takes `slow` seconds over one, and notes what it took."""

    def __init__(self) -> None:
        self.busy, self.slow = True, 0.0
        self.asked: list[str] = []
        self.took: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                told = json.loads(self.rfile.read(int(self.headers["content-length"])))
                word = self.path.rsplit("/", 1)[-1]
                outer.asked.append(word)
                if word == "reports":
                    time.sleep(outer.slow)
                    for one in told["reports"]:
                        if not outer.busy:
                            outer.took.append(one["step"])
                elif word == "forget":
                    outer.took.append(word)
                self.send_response(503 if outer.busy and word == "reports" else 200)
                self.send_header("content-type", "application/json")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def wait_asked(self, count: int = 1) -> None:
        until = time.monotonic() + 10
        while self.asked.count("reports") < count and time.monotonic() < until:
            time.sleep(0.01)
        assert self.asked.count("reports") >= count


@pytest.fixture
def busy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Busy]:
    found = Busy()
    monkeypatch.setenv("WORKSHOP_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("WORKSHOP_LEAGUE_URL", found.url)
    monkeypatch.setenv("WORKSHOP_LEAGUE_TOKEN", "wk_somebody")
    # Long pauses, so that the trying again is still to come when the learner changes their mind.
    monkeypatch.setattr(reporting, "_reporter", reporting.Reporter(pause=1.5))
    sharing.share_progress("team")
    yield found
    found.server.shutdown()
    found.server.server_close()


def settle(busy: Busy) -> None:
    """The class has time again, and every trying again that was planned has come."""
    busy.busy = False
    time.sleep(3.5)


def test_a_report_that_waits_does_not_arrive_after_the_forgetting(busy: Busy) -> None:
    reporting.report("dataset", False)
    busy.wait_asked()
    reporting.report("review", False)
    began = time.monotonic()
    assert "you tell it no more" in attending.forget_me()
    assert time.monotonic() - began < 1.4, "it waited for tries that nobody wants any more"
    settle(busy)
    assert busy.took == ["forget", "forget"] and reporting._reporter.sent == 0


def test_a_report_that_waits_is_not_sent_once_sharing_has_stopped(busy: Busy) -> None:
    reporting.report("dataset", False)
    busy.wait_asked()
    sharing.stop_sharing()
    settle(busy)
    assert busy.took == [] and busy.asked == ["reports"]


def test_a_report_under_a_name_is_not_sent_once_the_name_is_not_to_be_told(busy: Busy) -> None:
    reporting.report("dataset", False)
    busy.wait_asked()
    sharing.share_progress("anonymous")
    reporting.report("review", True)
    settle(busy)
    assert busy.took == ["review"]


def test_the_deletion_waits_for_a_report_that_is_under_way(busy: Busy) -> None:
    busy.busy, busy.slow = False, 1.0
    reporting.report("dataset", True)
    busy.wait_asked()
    assert "no more" in attending.forget_me()
    assert busy.took == ["dataset", "forget", "forget"]


def test_a_report_that_is_under_way_for_long_is_told_of(busy: Busy, monkeypatch: pytest.MonkeyPatch) -> None:
    busy.slow = 1.0
    reporting.report("dataset", True)
    busy.wait_asked()
    real = reporting.drop
    monkeypatch.setattr(reporting, "drop", lambda: real(0.05))
    assert "call forget_me() once more" in attending.forget_me()


def test_what_is_told_after_somebody_agrees_anew_is_sent(busy: Busy) -> None:
    reporting.report("dataset", False)
    busy.wait_asked()
    attending.forget_me()
    busy.busy = False
    sharing.share_progress("team")
    reporting.report("review", True)
    assert reporting.flush(5)
    assert busy.took == ["forget", "forget", "review"]
