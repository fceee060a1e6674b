"""The league's bench measures what it says."""

import asyncio
import math
import threading
import time

import pytest

from workshop_kit.bench.league import QUICK, measure
from workshop_kit.bench.league.http import Stream, request
from workshop_kit.bench.league.load import steady
from workshop_kit.bench.league.paced import most_within
from workshop_kit.bench.league.watched import _figures
from workshop_kit.league.server.changes import Changes


async def _answering(delay):
    """A tiny server that stands still for `delay(n)` seconds at its n-th request; its port."""
    count = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        try:
            while await reader.readuntil(b"\r\n\r\n"):
                count += 1
                time.sleep(delay(count))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    return server, server.sockets[0].getsockname()[1]


def test_a_pause_of_the_server_counts_for_all_who_had_to_wait() -> None:
    """A client that waits for each answer before it asks again would see one slow answer in a hundred."""
    ready, port = threading.Event(), 0

    def serve() -> None:
        async def run() -> None:
            nonlocal port
            server, port = await _answering(lambda n: 1.0 if n == 50 else 0.0)
            ready.set()
            await asyncio.sleep(4)
            server.close()

        asyncio.run(run())

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    ready.wait(5)
    kinds = {"standings": lambda: request("GET", "/")}
    load = asyncio.run(steady(port, 100.0, 2.0, kinds, {"standings": 1.0}))
    figures = load.kinds["standings"]
    assert figures.asked == 200 and figures.errors == 0
    assert figures.p99 > 0.8, "the wait for the pause was left out"
    late = asyncio.run(steady(1, 100.0, 0.1, kinds, {"standings": 1.0})).kinds["standings"]
    assert late.errors == late.asked == 10 and math.isnan(late.p50)
    thread.join(10)


def test_messages_are_whole_however_the_bytes_arrive() -> None:
    messages = [b"data: {" + bytes([97 + n]) * 300 + b"}\r\n\n\n" for n in range(3)]
    wire = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    wire += b"".join(b"%x\r\n%s\r\n" % (len(message), message) for message in [*messages, b": still here\n\n"])
    for step in (1, 7, 10_000):
        heard: list[bytes] = []
        stream = Stream("/", heard.append)
        for start in range(0, len(wire), step):
            stream.data_received(wire[start : start + step])
        assert heard == messages


def test_the_worst_window_is_found() -> None:
    assert most_within([0.0, 0.5, 1.0, 1.2, 1.4], 1.0) == 4  # from 0.5 up to, not including, 1.5
    assert most_within([n / 8 for n in range(30)], 1.0) == 8
    assert most_within([1.0], 1.0) == 1


def test_a_viewer_who_missed_the_last_change_is_not_counted_as_up_to_date() -> None:
    made = [(1, 10.0), (2, 11.0)]
    heard = [[[1, 10.5], [2, 11.2]], [[2, 13.0]], [[1, 10.1]]]
    found = _figures(heard, made, 0, 1, 1)
    assert found.newest == found.every == pytest.approx(2 / 3)
    assert found.p99 == pytest.approx(3.0, abs=0.1)


def test_one_look_serves_all_who_asked_before_it_began_and_none_who_asked_after() -> None:
    looks = 0

    def read() -> dict[str, int]:
        nonlocal looks
        looks += 1
        time.sleep(0.05)
        return {"league#1": looks, "league#2": 10}

    async def run() -> None:
        changes = Changes(read)
        first = [asyncio.create_task(changes.fresh()) for _ in range(50)]
        await asyncio.sleep(0.02)  # the look is under way: it may have read before what follows was committed
        second = [asyncio.create_task(changes.fresh()) for _ in range(50)]
        assert {told["league"] for told in await asyncio.gather(*first)} == {11}
        assert {told["league"] for told in await asyncio.gather(*second)} == {12}

    asyncio.run(run())
    assert looks == 2


@pytest.mark.slow
def test_the_whole_bench_runs_small() -> None:
    rows = list(measure(QUICK))
    told = {str(row["what"]).strip(): row for row in rows}
    for column in ("ours", "peer"):
        judged = told["of these judged to the end"][column]
        assert judged in (None, QUICK.submitting)
    assert told["lost, or queued twice"]["ours"] == told["verdicts missing"]["ours"] == 0
    assert told[f"{QUICK.viewers:,} live viewers: have the last state at the end"]["ours"] == 100
    assert all(row["unit"] is not None for row in rows)
