"""What a broken way says in place of Calendly's answer."""

import asyncio
import gzip
import json
import re
from collections.abc import Callable
from typing import Any

from tests.calendly.servers import reply
from tests.faults.detour import LENGTH, Passage, Talk

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
BOMB = gzip.compress(bytes(50_000_000), 9)


async def silence(_: Passage) -> None:
    await asyncio.sleep(3600)


async def closing(passage: Passage) -> None:
    """The connection ends before a byte of the answer."""
    passage.close()


async def resetting(passage: Passage) -> None:
    passage.reset()


async def cut_short(passage: Passage) -> None:
    """Half of the true answer, where there is one, and an RST."""
    whole = passage.reply or reply(b'{"resource": {}}', status=201)
    await passage.say(whole[: len(whole) - 10])
    passage.reset()


async def shorter_than_it_says(passage: Passage) -> None:
    whole = passage.reply or reply(b'{"resource": {}}', status=201)
    await passage.say(LENGTH.sub(b"\r\ncontent-length: 99999", whole))
    passage.close()


async def longer_than_it_says(passage: Passage) -> None:
    """So that what is read of it is half a JSON text."""
    whole = passage.reply or reply(b'{"resource": {}}', status=201)
    await passage.say(LENGTH.sub(b"\r\ncontent-length: 9", whole))
    passage.close()


class Gate:
    """Holds the true answer back until it is opened."""

    def __init__(self) -> None:
        self.reached = asyncio.Event()
        self.opened = asyncio.Event()

    async def __call__(self, passage: Passage) -> None:
        self.reached.set()
        await self.opened.wait()
        await passage.say(passage.reply)


def saying(data: bytes) -> Talk:
    async def talk(passage: Passage) -> None:
        await passage.say(data)

    return talk


def dripping(opening: bytes, drop: bytes, every: float = 0.05) -> Talk:
    """Never silent for long, and never done."""

    async def talk(passage: Passage) -> None:
        await passage.say(opening)
        while True:
            await asyncio.sleep(every)
            await passage.say(drop)

    return talk


def refusing(status: int, *headers: str, body: Any = None) -> Talk:
    told = {"title": "Marker", "message": "marker@example.test"} if body is None else body
    return saying(reply(json.dumps(told).encode(), status=status, headers=headers))


def telling(change: Callable[[Any], Any]) -> Talk:
    """Calendly's own answer, changed; for requests that are let through."""

    async def talk(passage: Passage) -> None:
        head, _, body = passage.reply.partition(b"\r\n\r\n")
        status = int(re.split(rb"\s", head, maxsplit=2)[1])
        changed = json.dumps(change(json.loads(body))).encode()
        await passage.say(reply(changed, status=status))

    return talk
