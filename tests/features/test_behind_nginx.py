"""A shared cache in front of the service keeps what it may, for as long as it may, and nothing else."""

import asyncio
import re
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app import API
from app.main import create_app
from tests.project.repository import ROOT
from tests.soak.waiting import until
from tests.support.canary_watch import watched
from tests.support.event_streams import listening
from tests.support.nginx import running_nginx
from tests.support.redis import CACHE, STATE, RedisServer
from tests.support.service import ORIGIN, booking_body, plan_fault, settings_for
from tests.support.serving import serve
from tests.support.simulation import Simulation

CONFIGURATION = Path(__file__).with_name("behind_nginx.conf")
AVAILABILITY = f"{API}/event-types/intro-call/availability"

LOCKED_FOR = 5.0
"""Seconds for which nginx keeps whoever waits for another's answer."""

PATIENCE = 20.0
"""Seconds, on a busy machine."""


@dataclass(frozen=True, slots=True)
class Heard:
    """With which tag the service was asked, and how it answered."""

    tag: str | None
    status: int


class Listening:
    """The service; all that it hears is noted. `unsaid` is left out of what it says of caching."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.heard: list[Heard] = []
        self.unsaid = b""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def note(message: Message) -> None:
            if message["type"] == "http.response.start":
                tag = dict(scope["headers"]).get(b"if-none-match")
                self.heard.append(Heard(tag and tag.decode(), message["status"]))
                headers = [(name, value.replace(self.unsaid, b"")) for name, value in message["headers"]]
                message = {**message, "headers": headers}
            await send(message)

        await self._app(scope, receive, note if scope["type"] == "http" else send)


@dataclass(slots=True)
class Front:
    """nginx, spoken to by visitors, and the service behind it."""

    nginx: httpx.AsyncClient
    service: httpx.AsyncClient
    listening: Listening
    stopping: ExitStack

    @property
    def heard(self) -> list[Heard]:
        return self.listening.heard

    async def ask(self, path: str = AVAILABILITY, **headers: str) -> httpx.Response:
        return await self.nginx.get(
            path, headers={n.replace("_", "-"): value for n, value in headers.items()}
        )

    async def until_it_is(self, word: str, path: str) -> httpx.Response:
        """Ask until nginx says so of its copy. Raises `TimeoutError`."""
        answers: list[httpx.Response] = []

        async def is_so() -> bool:
            answers.append(await self.ask(path))
            return answers[-1].headers["X-Cache"] == word

        async with asyncio.timeout(PATIENCE):
            await until(is_so, every=0.05)
        return answers[-1]

    def stop_service(self) -> None:
        self.stopping.close()


@pytest.fixture
async def front(calendly: Simulation, redis: RedisServer, tmp_path: Path) -> AsyncIterator[Front]:
    stores = {"redis_url": redis.url(CACHE), "state_url": redis.url(STATE)}
    app = create_app(settings_for(str(calendly.http.base_url), **stores), clock=calendly.clock)
    listening = Listening(watched(app))
    with ExitStack() as stack:
        stopping = stack.enter_context(ExitStack())
        service = stopping.enter_context(serve(listening, patience=2.0))
        told = {"SERVICE": service, "CACHE": _cache_in(tmp_path)}
        address = stack.enter_context(running_nginx(tmp_path, CONFIGURATION, **told))
        async with (
            httpx.AsyncClient(base_url=address) as nginx,
            httpx.AsyncClient(base_url=service) as direct,
        ):
            yield Front(nginx, direct, listening, stopping)


def _cache_in(folder: Path) -> Path:
    """The lines that operators are given, with another place for what is kept."""
    given = (ROOT / "deploy" / "cache.conf").read_text()
    file = folder / "cache.conf"
    file.write_text(re.sub(r"(?<=proxy_cache_path )\S+", str(folder / "cache"), given))
    return file


async def _age(calendly: Simulation, seconds: int = 31) -> None:
    """What is known is old by now, and Calendly is away: answers are marked, and hold for a second."""
    await plan_fault(calendly, "status", times=1_000, status=503)
    calendly.clock.advance(seconds=seconds)


async def test_a_second_visitor_is_answered_without_the_service_hearing_of_it(front: Front) -> None:
    first, second = await front.ask(), await front.ask()

    assert [first.headers["X-Cache"], second.headers["X-Cache"]] == ["MISS", "HIT"]
    assert (second.content, second.headers["ETag"]) == (first.content, first.headers["ETag"])
    assert len(front.heard) == 1


async def test_what_is_no_longer_fresh_is_asked_for_by_its_tag_and_kept_on(
    front: Front, calendly: Simulation
) -> None:
    await front.service.get(AVAILABILITY)
    await _age(calendly)
    path = f"/waiting{AVAILABILITY}"
    first = await front.ask(path)
    front.heard.clear()

    again = await front.until_it_is("REVALIDATED", path)

    assert [(each.tag, each.status) for each in front.heard] == [(first.headers["ETag"], 304)]
    assert (again.status_code, again.content) == (200, first.content)


async def test_who_comes_when_it_is_no_longer_fresh_does_not_wait(front: Front, calendly: Simulation) -> None:
    await front.service.get(AVAILABILITY)
    await _age(calendly)
    first = await front.ask()
    front.heard.clear()

    meanwhile = await front.until_it_is("STALE", AVAILABILITY)
    async with asyncio.timeout(PATIENCE):
        await until(lambda: _is_heard(front), every=0.01)

    assert meanwhile.content == first.content
    assert [each.status for each in front.heard] == [304]


async def _is_heard(front: Front) -> bool:
    return bool(front.heard)


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(f"{API}/event-types/nobody/availability", id="unknown"),
        pytest.param(f"{AVAILABILITY}?from=2026-12-02&to=2026-12-01", id="refused"),
    ],
)
async def test_a_problem_is_never_kept(front: Front, path: str) -> None:
    answers = [await front.ask(path) for _ in range(2)]

    assert [answer.headers["X-Cache"] for answer in answers] == ["MISS", "MISS"]
    assert {answer.headers["Cache-Control"] for answer in answers} == {"no-store"}
    assert len(front.heard) == 2


async def test_a_failure_of_calendlys_is_never_kept(front: Front, calendly: Simulation) -> None:
    await plan_fault(calendly, "status", times=2, status=500)
    failed = await front.ask()

    healed = await front.ask()

    assert (failed.status_code, healed.status_code) == (502, 200)


async def test_whoever_reads_another_encoding_or_comes_from_a_page_gets_their_own(front: Front) -> None:
    visitors = [
        {"Accept_Encoding": "br"},
        {"Accept_Encoding": "gzip"},
        {"Accept_Encoding": "identity"},
        {"Accept_Encoding": "br", "Origin": ORIGIN},
        {"Accept_Encoding": "br", "Origin": "https://evil.test"},
    ]
    first = [await front.ask(**each) for each in visitors]
    again = [await front.ask(**each) for each in visitors]

    assert [answer.headers["X-Cache"] for answer in first + again] == ["MISS"] * 5 + ["HIT"] * 5
    assert [answer.headers.get("Content-Encoding") for answer in again] == ["br", "gzip", None, "br", "br"]
    granted = [answer.headers.get("Access-Control-Allow-Origin") for answer in again]
    assert granted == [None, None, None, ORIGIN, None]
    assert len({answer.text for answer in first + again}) == 1


async def test_what_is_personal_is_never_kept(front: Front) -> None:
    answer = await front.service.get(AVAILABILITY)
    start = next(day["slots"][0]["start"] for day in answer.json()["days"] if day["slots"])
    sent = await front.nginx.post(
        f"{API}/bookings", json=booking_body("intro-call", start), headers={"Idempotency-Key": "key"}
    )
    booking = sent.json()
    path, token = f"{API}/bookings/{booking['id']}", f"Bearer {booking['manage']['token']}"

    mine = [await front.ask(path, Authorization=token) for _ in range(2)]
    not_mine = await front.ask(path)

    assert [each.status_code for each in (sent, *mine, not_mine)] == [201, 200, 200, 401]
    assert [each.headers["X-Cache"] for each in mine] == ["MISS", "MISS"]


@pytest.mark.parametrize(("age", "word", "status"), [(31, "STALE", 200), (3599, "EXPIRED", 502)])
async def test_while_the_service_is_down_what_is_kept_is_given_out_until_it_is_an_hour_old(
    front: Front, calendly: Simulation, age: int, word: str, status: int
) -> None:
    # For the first seconds it would do, and no longer.
    front.listening.unsaid = b"stale-while-revalidate=5, "
    await front.service.get(AVAILABILITY)
    await _age(calendly, age)
    path = f"/waiting{AVAILABILITY}"
    first = await front.ask(path)
    await asyncio.to_thread(front.stop_service)

    later = await front.until_it_is(word, path)
    never_asked = await front.ask(f"/waiting{API}/event-types")

    assert (first.status_code, first.json()["state"]) == (200, "stale")
    assert (later.status_code, later.content == first.content) == (status, status == 200)
    assert never_asked.status_code == 502


async def test_what_is_read_after_an_event_is_as_new_as_the_event_and_shared_by_all_who_heard_it(
    front: Front,
) -> None:
    port = front.nginx.base_url.port
    assert port is not None
    async with listening(port) as source:
        await source.begun()
        start = (await front.ask()).json()["days"][0]["slots"][0]["start"]
        answer = await front.service.post(
            f"{API}/bookings",
            json=booking_body("intro-call", start),
            headers={"Idempotency-Key": "a-key-of-this-test"},
        )
        assert answer.status_code == 201, answer.text
        event = await source.next()

    kept = await front.ask(Cache_Control="no-cache")
    visitors = [await front.ask(f"{AVAILABILITY}?after={event.id}") for _ in range(2)]

    assert (event.name, event.data["start"][:10]) == ("slot.taken", start[:10])
    assert start in kept.text, "otherwise this would prove nothing"
    assert [each.headers["X-Cache"] for each in visitors] == ["MISS", "HIT"]
    assert [start in each.text for each in visitors] == [False, False]


async def test_streams_pass_at_once_and_do_not_wait_for_each_other(front: Front) -> None:
    """Whoever asks what somebody else is asking is kept waiting until it is known whether that may be kept."""
    port = front.nginx.base_url.port
    assert port is not None
    started = time.monotonic()
    async with listening(port) as one, listening(port) as two:
        for source in (one, two):
            await source.begun()
        seconds = time.monotonic() - started
        start = (await front.service.get(AVAILABILITY)).json()["days"][0]["slots"][0]["start"]
        answer = await front.service.post(
            f"{API}/bookings",
            json=booking_body("intro-call", start),
            headers={"Idempotency-Key": "a-key-of-this-test"},
        )
        assert answer.status_code == 201, answer.text
        heard = [(await source.next()).name for source in (one, two)]

    assert heard == ["slot.taken"] * 2
    assert seconds < LOCKED_FOR
