"""Whether Redis can be reached: whoever is failed first finds out, and a probe, when it is back."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from redis.asyncio import Redis
from redis.exceptions import BusyLoadingError, OutOfMemoryError, ReadOnlyError, RedisError, ResponseError
from redis.exceptions import ConnectionError as AwayError
from redis.exceptions import TimeoutError as SilentError

from app.background import running
from app.cache import scripts
from app.cache.reach import Reach
from app.cache.steps import Steps
from app.store.connection import open_store
from tests.cache.replicas import reach_of
from tests.slots.readings import others
from tests.soak.waiting import until
from tests.support.redis import running_redis

BACK_WITHIN = 10.0
"""Seconds, on a busy machine."""


@dataclass
class Server:
    """`error`: what questions fail with."""

    error: Exception | None = None
    asked: asyncio.Queue[None] = field(default_factory=asyncio.Queue)

    async def ping(self) -> None:
        self.asked.put_nowait(None)
        if self.error is not None:
            raise self.error

    async def next(self) -> None:
        """Somebody has asked."""
        async with asyncio.timeout(BACK_WITHIN):
            await self.asked.get()


async def _until_back(reach: Reach) -> None:
    async def is_back() -> bool:
        return not reach.is_away

    async with asyncio.timeout(BACK_WITHIN):
        await until(is_back, every=0.01)


def _reach(server: Server) -> tuple[Reach, CollectorRegistry]:
    registry = CollectorRegistry()
    return Reach(server.ping, registry), registry


def _failures(registry: CollectorRegistry, error: Exception) -> float | None:
    return registry.get_sample_value("bff_cache_failures_total", {"error": type(error).__name__})


@pytest.mark.parametrize(
    ("error", "is_away"),
    [
        pytest.param(AwayError(), True, id="no connection"),
        pytest.param(SilentError(), True, id="no answer"),
        pytest.param(BusyLoadingError(), True, id="not yet there"),
        pytest.param(OSError(), True, id="no network"),
        pytest.param(OutOfMemoryError(), False, id="full"),
        pytest.param(ReadOnlyError(), False, id="takes no writes"),
        pytest.param(ResponseError(), False, id="refuses"),
    ],
)
def test_who_answers_is_not_away_and_each_failure_counts(error: Exception, *, is_away: bool) -> None:
    reach, registry = _reach(Server())
    before = reach.is_away

    reach.failed(error)
    reach.failed(error)

    assert (before, reach.is_away, _failures(registry, error)) == (False, is_away, 2)


async def test_a_refusal_brings_nobody_back() -> None:
    reach, _ = _reach(Server())
    reach.failed(AwayError())

    reach.failed(OutOfMemoryError())

    assert reach.is_away


@pytest.mark.parametrize("error", [AwayError(), SilentError(), OSError(), RedisError()])
async def test_who_asks_in_vain_changes_nothing(error: Exception) -> None:
    reach, registry = _reach(Server(error))
    there = await reach.ask(), reach.is_away
    reach.failed(AwayError())

    assert there == (False, False)
    assert (await reach.ask(), reach.is_away) == (False, True)
    assert _failures(registry, AwayError()) == 1


async def test_whoever_asks_finds_out_that_it_is_back() -> None:
    reach, _ = _reach(Server())
    reach.failed(AwayError())

    assert (await reach.ask(), reach.is_away) == (True, False)


async def test_nobody_is_asked_while_all_is_well() -> None:
    server = Server()
    reach, _ = _reach(server)
    async with running(reach.probe()):
        await others()

        assert server.asked.empty()


async def test_the_probe_asks_again_until_it_is_back_and_then_no_more() -> None:
    server = Server(AwayError())
    reach, _ = _reach(server)
    async with running(reach.probe()):
        reach.failed(AwayError())
        await server.next()
        still_away = reach.is_away
        server.error = None

        await server.next()
        await _until_back(reach)
        await others()

        assert still_away
        assert server.asked.empty()


async def test_the_probe_finds_out_again_when_it_is_away_again() -> None:
    server = Server()
    reach, _ = _reach(server)
    async with running(reach.probe()):
        for _ in range(2):
            reach.failed(AwayError())
            await server.next()
            await _until_back(reach)


async def test_a_redis_that_dies_is_away_until_it_lives_again(tmp_path: Path) -> None:
    with running_redis(tmp_path) as server:
        async with open_store(server.url()) as store:
            reach = reach_of(store)
            steps = Steps(store, reach, "ada")
            before = await steps.run(scripts.GENERATION, 5)
            server.kill()
            meanwhile = await steps.run(scripts.GENERATION, 5)
            was_away = reach.is_away
            async with running(reach.probe()):
                server.start()
                await _until_back(reach)

            assert (int(before) > 5, meanwhile, was_away) == (True, None, True)
            assert int(await steps.run(scripts.GENERATION, 5)) > 5


async def _commands(store: Redis) -> int:
    stats = await store.info("commandstats")
    return sum(stats.get(f"cmdstat_{name}", {}).get("calls", 0) for name in ("evalsha", "eval"))


async def test_whoever_is_away_is_asked_for_nothing_but_what_is_tried_all_the_same(store: Redis) -> None:
    reach = reach_of(store)
    steps = Steps(store, reach, "ada")
    known = int(await steps.run(scripts.GENERATION, 5))
    before = await _commands(store)
    reach.failed(AwayError())

    skipped = await steps.run(scripts.GENERATION, 5), await _commands(store) - before
    tried = int(await steps.attempt(scripts.GENERATION, 5)), await _commands(store) - before

    assert (skipped, tried) == ((None, 0), (known, 1))
    assert reach.is_away
