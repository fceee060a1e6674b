"""A process of live viewers of one league.

It prints "watching" once every viewer has its first message. When its standard input ends, it prints as JSON what each
viewer heard: [[the standings' revision, seconds since 1970], ...], and how many connections were lost.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time

from workshop_kit.bench.league.http import Stream

_REVISION = re.compile(rb'"standings_revision": (\d+)')
OPENING_AT_ONCE = 50


class Viewer:
    """What one viewer heard."""

    def __init__(self) -> None:
        self.heard: list[tuple[int, float]] = []
        self.first = asyncio.Event()

    def hear(self, message: bytes) -> None:
        """Note a message's revision; one that tells only what moves has none."""
        # It stands behind the rows, near the end.
        if found := _REVISION.search(message, max(0, len(message) - 400)) or _REVISION.search(message):
            self.heard.append((int(found[1]), time.time()))
        self.first.set()


async def watch(port: int, count: int) -> None:
    """Open the viewers, wait for the end of standard input, tell what they heard."""
    loop = asyncio.get_running_loop()
    viewers = [Viewer() for _ in range(count)]
    streams = []
    for start in range(0, count, OPENING_AT_ONCE):
        some = viewers[start : start + OPENING_AT_ONCE]
        for viewer in some:
            _, stream = await loop.create_connection(
                lambda viewer=viewer: Stream("/api/stream", viewer.hear), "127.0.0.1", port
            )
            streams.append(stream)
        await asyncio.gather(*(viewer.first.wait() for viewer in some))
    print("watching", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    told = {"heard": [viewer.heard for viewer in viewers], "lost": sum(stream.lost for stream in streams)}
    print(json.dumps(told), flush=True)


def main(port: int, count: int) -> int:
    """Be the viewers."""
    asyncio.run(watch(port, count))
    return 0
