"""Requests that the server's protocol holds back while Redis is asked for an answer of another process."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from redis.asyncio import Redis
from starlette.applications import Starlette
from uvicorn.config import Config
from uvicorn.server import ServerState

from app import API
from app.lane import LANE, Lane, Manners
from app.observability import Metrics
from app.protocol import ReadyProtocol
from app.ready import Place, Ready, ReadyAnswers, Term
from app.tally import Tally
from tests.soak.waiting import until
from tests.support.ready_service import Served, serving
from tests.support.redis import CACHE, RedisServer
from tests.support.service import PATIENT, calls_of, clear_calls, plan_fault
from tests.support.simulation import Simulation
from tests.support.wire import Wire, status_of, wire_to

QUERY = "?from=2026-11-24&to=2026-11-25"
PATH = f"{API}/event-types/intro-call/availability{QUERY}"
VISIT = f"{API}/event-types/visit/availability{QUERY}"
OTHER = f"{API}/event-types/call-us/availability{QUERY}"
COLD = f"{API}/event-types/anywhere/availability{QUERY}"
LISTED = f"{API}/event-types"
TIMES = "/event_type_available_times"
CROWD = 30
ENOUGH_TO_PAUSE = 700
"""Requests that come to more than a connection remembers while one is held back."""


@pytest.fixture
def first(calendly: Simulation, redis: RedisServer) -> Iterator[Served]:
    with serving(calendly, redis) as running:
        yield running


@pytest.fixture
def second(calendly: Simulation, redis: RedisServer) -> Iterator[Served]:
    with serving(calendly, redis) as running:
        yield running


async def _shared(first: Served, redis: RedisServer, *targets: str) -> list[bytes]:
    """Their bodies, once they are in Redis: what is asked for again is told to others."""
    async with first.wire() as wire, Redis(port=redis.port, db=CACHE) as client:

        async def are_there() -> bool:
            for target in targets:
                await wire.ask(target)
            names = [name async for name in client.scan_iter("*:answers:*")]
            return sum([await client.hlen(name) for name in names]) >= len(targets)

        async with asyncio.timeout(20):
            await until(are_there, every=0.02)
        return [(await wire.ask(target))[1] for target in targets]


@asynccontextmanager
async def _known(served: Served) -> AsyncIterator[Wire]:
    """A connection whose headers the protocol has understood."""
    async with served.wire() as wire:
        for _ in range(2):
            await wire.ask(OTHER)
        served.app.asked.clear()
        yield wire


async def test_what_another_process_has_made_ready_is_sent_before_there_is_a_request(
    first: Served, second: Served, redis: RedisServer
) -> None:
    bodies = await _shared(first, redis, PATH, VISIT)
    async with _known(second) as wire:
        answers = [await wire.ask(target) for target in (PATH, VISIT, PATH)]

    assert [body for _, body in answers] == [*bodies, bodies[0]]
    assert {status_of(head) for head, _ in answers} == {200}
    assert second.app.asked == []


async def test_headers_of_what_went_the_usual_way_are_known_again(
    first: Served, second: Served, redis: RedisServer
) -> None:
    await _shared(first, redis, PATH)
    async with second.wire() as wire:
        await wire.ask(COLD)
        second.app.asked.clear()
        await wire.ask(PATH)

    assert second.app.asked == []


@pytest.mark.parametrize("space", [" ", "\t", "\n"])
@pytest.mark.parametrize("spelt", [PATH.replace("intro-call", "intro{}call"), PATH + "{}&view=slots"])
async def test_white_space_in_a_target_costs_nobody_else_an_answer(
    first: Served, second: Served, redis: RedisServer, spelt: str, space: str
) -> None:
    """What is sought at the same time is sought in one word."""
    [body] = await _shared(first, redis, PATH)
    async with _known(second) as wire, _known(second) as other:
        odd, found = await asyncio.gather(other.ask(spelt.format(space)), wire.ask(PATH))

    assert status_of(odd[0]) == 400
    assert found[1] == body
    assert second.app.asked == []


async def test_what_no_process_has_goes_the_usual_way_and_is_sought_once(
    second: Served, redis: RedisServer
) -> None:
    async with _known(second) as wire, Redis(port=redis.port, db=CACHE) as client:
        await wire.ask(
            f"{COLD}&view=days"
        )  # so that only the answer is to be sought, and not what it is made of
        second.app.asked.clear()
        await client.config_resetstat()
        head, _ = await wire.ask(COLD)
        sought = (await client.info("commandstats"))["cmdstat_hget"]["calls"]
        again, _ = await wire.ask(COLD)

    assert (status_of(head), status_of(again)) == (200, 200)
    assert second.app.asked == [COLD.partition("?")[0]]
    assert sought == 1


@asynccontextmanager
async def _crowd(served: Served) -> AsyncIterator[list[Wire]]:
    async with AsyncExitStack() as stack:
        wires = [await stack.enter_async_context(_known(served)) for _ in range(CROWD)]
        served.app.asked.clear()
        yield wires


async def test_a_crowd_waits_for_the_first_who_asks(second: Served, calendly: Simulation) -> None:
    """And for nothing else: it comes as far as the application once."""
    async with _crowd(second) as wires:
        await clear_calls(calendly)
        answers = await asyncio.gather(*(wire.ask(COLD) for wire in wires))
        calls = await calls_of(calendly, TIMES)

    assert {status_of(head) for head, _ in answers} == {200}
    assert len({body for _, body in answers}) == 1
    assert second.app.asked == [COLD.partition("?")[0]]
    assert len(calls) == 1


async def test_what_fails_the_first_fails_the_crowd_at_once(second: Served, calendly: Simulation) -> None:
    async with _crowd(second) as wires:
        await plan_fault(calendly, "delay", path=f"^{TIMES}", times=1000, seconds=30)
        async with asyncio.timeout(2 * PATIENT.total_seconds()):
            answers = await asyncio.gather(*(wire.ask(COLD) for wire in wires))

    assert {status_of(head) for head, _ in answers} <= {503, 504}
    assert len(second.app.asked) == CROWD


async def test_answers_come_in_the_order_of_the_questions(
    first: Served, second: Served, redis: RedisServer
) -> None:
    """Whichever were held back, and in however many pieces they came."""
    await _shared(first, redis, PATH, VISIT)
    asked = [PATH, LISTED, VISIT, COLD, OTHER, PATH]

    async with _known(second) as wire:
        for target in asked:
            wire.send(target)
            await wire.writer.drain()
            await asyncio.sleep(0)
        bodies = [(await wire.receive())[1] for _ in asked]

    slugs = ["intro-call", None, "visit", "anywhere", "call-us", "intro-call"]
    told = [json.loads(body).get("eventTypeId") for body in bodies]
    ids = {each["slug"]: each["id"] for each in json.loads(bodies[1])["items"]}
    assert told == [slug and ids[slug] for slug in slugs]


@pytest.mark.fault("R10")
@pytest.mark.parametrize("encoding", ["identity", "gzip", "br"])
async def test_a_damaged_answer_is_not_sent_and_holds_nobody(
    first: Served, second: Served, redis: RedisServer, encoding: str
) -> None:
    await _shared(first, redis, PATH)
    async with Redis(port=redis.port, db=CACHE) as client:
        [name] = [name async for name in client.scan_iter("*:answers:*")]
        [place] = await client.hkeys(name)
        kept = await client.hget(name, place)
        assert isinstance(kept, bytes)
        await client.hset(name, place, kept[:-40] + bytes(40))
    async with second.wire() as wire:
        for _ in range(2):
            await wire.ask(OTHER, **{"Accept-Encoding": encoding})
        second.app.asked.clear()
        head, body = await wire.ask(PATH, **{"Accept-Encoding": encoding})
        listed, _ = await wire.ask(LISTED)
    async with first.wire() as wire:
        _, right = await wire.ask(PATH, **{"Accept-Encoding": encoding})

    assert (status_of(head), status_of(listed)) == (200, 200)
    assert body == right
    assert second.app.asked == [PATH.partition("?")[0], LISTED]


async def test_however_much_comes_while_one_is_held_back_all_of_it_is_answered(
    second: Served, redis: RedisServer
) -> None:
    async with _known(second) as wire:
        redis.pause()
        try:
            wire.send(COLD)
            await wire.writer.drain()
            await asyncio.sleep(0.05)
            for _ in range(ENOUGH_TO_PAUSE):
                wire.send(LISTED)
            await asyncio.sleep(0.05)
        finally:
            redis.resume()
        heads = [(await wire.receive())[0] for _ in range(1 + ENOUGH_TO_PAUSE)]

    assert {status_of(head) for head in heads} == {200}


async def test_who_leaves_meanwhile_harms_nobody(second: Served, redis: RedisServer) -> None:
    async with _known(second) as wire:
        redis.pause()
        try:
            for _ in range(3):
                wire.send(COLD)
            await wire.writer.drain()
            await asyncio.sleep(0.05)
            wire.writer.transport.abort()
        finally:
            redis.resume()
    async with second.wire() as wire:
        status = await wire.status(COLD)

    assert status == 200


async def test_a_server_that_is_told_to_stop_answers_it_first(
    calendly: Simulation, redis: RedisServer
) -> None:
    with ExitStack() as stack:
        served = stack.enter_context(serving(calendly, redis))
        async with _known(served) as wire:
            redis.pause()
            wire.send(COLD)
            await wire.writer.drain()
            await asyncio.sleep(0.05)
            stopping = asyncio.create_task(asyncio.to_thread(stack.close))
            await asyncio.sleep(0.1)
            redis.resume()
            head, _ = await wire.receive()
            rest = await wire.rest()
            await stopping

    assert (status_of(head), rest) == (200, b"")


class _Patient:
    """Answers that another process has, and that come when a test says so."""

    def __init__(self) -> None:
        self.memory = ReadyAnswers()
        self.asked = asyncio.Event()
        self.tell: Callable[[Ready | None], None]

    def is_to_be_asked(self) -> bool:
        return False

    def bring(self, _place: Place, tell: Callable[[Ready | None], None]) -> None:
        self.tell = tell
        self.asked.set()

    def offer(self, place: Place, ready: Ready) -> None: ...

    def look_again(self, ready: Ready) -> None: ...


async def test_a_connection_held_back_for_longer_than_it_may_rest_is_answered_and_may_rest_again() -> None:
    body, now = b'{"days":[]}', datetime.now(UTC)
    term = Term(now, now + timedelta(hours=1))
    ready = Ready.of(body, term=term, is_marked=False, cache_control="no-cache", route=PATH)
    answers = _Patient()
    answers.memory.keep(OTHER.encode(), ready)
    lane = Lane(
        answers=answers,
        clock=lambda: datetime.now(UTC),
        manners=Manners(origins=(), exposed=(), tally=Tally(Metrics(), "critical")),
        end_streams=lambda: None,
    )
    config = Config(Starlette(), timeout_keep_alive=1, log_config=None)
    config.load()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: ReadyProtocol(config, ServerState(), {LANE: lane}, loop), "127.0.0.1", 0
    )

    async with server, wire_to(server.sockets[0].getsockname()[1]) as wire:
        await wire.ask(OTHER)
        wire.send(PATH)
        await asyncio.wait_for(answers.asked.wait(), 10)
        await asyncio.sleep(1.5)
        answers.tell(ready)
        head, _ = await wire.receive()
        rest = await wire.rest()

    assert (status_of(head), rest) == (200, b"")
