"""Deliveries that are too large, too slow or too deep."""

import asyncio
from collections.abc import AsyncIterator
from time import perf_counter

import pytest

from app.features.webhooks.router import MAX_BODY
from app.receiving import WITHIN
from app.webhooks.subscriptions import PATH
from tests.support.hooks import counted, deliver, served_receiver
from tests.support.redis import RedisServer
from tests.support.service import Service
from tests.support.simulation import Simulation
from tests.support.wire import wire_to


@pytest.mark.fault("W07")
async def test_a_byte_too_many_is_refused_before_it_is_read(calendly: Simulation, receiver: Service) -> None:
    body = b" " * (MAX_BODY + 1)

    declared = await deliver(receiver.http, body, calendly.clock())
    streamed = await receiver.http.post(PATH, content=_pieces(body))

    assert [declared.status_code, streamed.status_code] == [413, 413]
    assert await counted(receiver, "forged") == 0


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for first in range(0, len(body), 16_384):
        yield body[first : first + 16_384]


@pytest.mark.fault("W07")
async def test_a_body_without_end_costs_no_more_than_the_largest(receiver: Service) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        while True:
            sent += 16_384
            yield b" " * 16_384

    answer = await receiver.http.post(PATH, content=endless())

    assert answer.status_code == 413
    assert sent <= MAX_BODY + 5 * 16_384


@pytest.mark.fault("W07")
async def test_a_body_that_drips_is_given_up(calendly: Simulation, redis: RedisServer) -> None:
    with served_receiver(calendly, redis) as url:
        async with wire_to(int(url.rpartition(":")[2])) as wire:
            started = perf_counter()
            wire.writer.write(f"POST {PATH} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n".encode())
            drip = asyncio.create_task(_drip(wire.writer))
            async with asyncio.timeout(WITHIN + 5):
                head = await wire.reader.readuntil(b"\r\n\r\n")
            drip.cancel()

    assert head.startswith(b"HTTP/1.1 408")
    assert WITHIN - 1 < perf_counter() - started < WITHIN + 3


async def _drip(writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b" ")
        await asyncio.sleep(0.2)


@pytest.mark.fault("W07")
async def test_depth_is_no_way_to_harm(calendly: Simulation, receiver: Service) -> None:
    body = b'{"event":"invitee.created","created_at":"","payload":' + b"[" * 100_000

    answer = await deliver(receiver.http, body, calendly.clock())

    assert answer.status_code == 204
    assert await counted(receiver, "unreadable") == 1
