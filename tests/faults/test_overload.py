"""More connections than there are files for, and more reads than can be worked out: told so, until it is over."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import httpx
import pytest

from app import API
from tests.faults.program import PATIENCE, Program, served_program
from tests.soak.waiting import until
from tests.support.redis import RedisServer
from tests.support.service import ORIGIN, Json, booking_body
from tests.support.simulation import Simulation
from tests.support.wire import status_of, wire_to

FILES = 128
MOST = 64
"""Connections, where there are so few files: half of them."""

TIMES = f"{API}/event-types/intro-call/availability"
KINDS = "anywhere,call-us,deep-dive,intro-call,no-place,panel,phone-consult,questionnaire,team-demo,visit"
MERGED = f"{API}/availability?eventTypeIds={KINDS}"
FLOOD = 400
"""Connections, each with one read after the other."""

ZONES = ("Europe/Berlin", "America/Los_Angeles", "Asia/Kolkata", "Pacific/Chatham")
TODAY = datetime.now(UTC).date()
LONGEST = 62
"""Dates in one question."""

SHORTER = 30
"""By how many dates fewer than that, so that questions do not end too soon."""


async def _keep_busy(program: Program, stack: AsyncExitStack, number: int) -> None:
    """Bookings of which nobody sends the end."""
    for _ in range(number):
        wire = await stack.enter_async_context(wire_to(program.port))
        wire.send(f"{API}/bookings", "POST", **{"Content-Type": "application/json", "Content-Length": "900"})


@pytest.fixture
def narrow(calendly: Simulation, redis: RedisServer, tmp_path: Path) -> Iterator[Program]:
    with served_program(
        calendly, redis, tmp_path / "bff.log", files=FILES, BFF_ALLOWED_ORIGINS=ORIGIN
    ) as program:
        yield program


async def _is_served_again(program: Program) -> None:
    """Waits until somebody is."""

    async def somebody_is() -> bool:
        with suppress(OSError, EOFError):
            async with wire_to(program.port) as wire:
                return await wire.status(TIMES) == 200
        return False

    async with asyncio.timeout(PATIENCE):
        await until(somebody_is, every=0.05)


@pytest.mark.fault("P07")
async def test_a_visitor_too_many_is_told_so_and_let_in_when_others_have_gone(narrow: Program) -> None:
    async with AsyncExitStack() as stack:
        await _keep_busy(narrow, stack, MOST)
        async with wire_to(narrow.port) as wire:
            head, body = await wire.ask(TIMES, Origin=ORIGIN)
            rest = await wire.rest()
        async with wire_to(narrow.port) as wire:
            wire.send(TIMES, "HEAD")
            only_head = await wire.rest()
        async with wire_to(narrow.port) as wire:
            for _ in range(3):
                wire.send(TIMES)
            answers = await wire.rest()
    await _is_served_again(narrow)

    problem, told = json.loads(body), head.lower()
    assert (status_of(head), problem["code"], rest) == (503, "overloaded", b"")
    assert problem["retryAfter"] == int(re.findall(rb"retry-after: (\d)\r", told)[0])
    assert b"connection: close\r\n" in told
    assert f"access-control-allow-origin: {ORIGIN}\r\n".encode() in told
    assert b"x-request-id: " + problem["requestId"].encode() in told
    assert only_head.startswith(b"HTTP/1.1 503 ")
    assert only_head.endswith(b"\r\n\r\n")
    assert answers.count(b"HTTP/1.1 503 ") == 1


@pytest.mark.fault("P07")
async def test_who_finds_no_room_and_asks_nothing_is_sent_away(narrow: Program) -> None:
    """Or asks half a question."""
    async with AsyncExitStack() as stack:
        await _keep_busy(narrow, stack, MOST)
        async with wire_to(narrow.port) as silent, wire_to(narrow.port) as halting:
            halting.writer.write(b"GET / HTTP/1.1\r\nHo")
            said = await silent.rest(), await halting.rest()

    assert said == (b"", b"")


@pytest.mark.fault("P07")
async def test_what_comes_before_reads_is_let_in_though_there_is_no_room_for_these(narrow: Program) -> None:
    body = json.dumps(booking_body("intro-call", "2026-12-01T03:00:00Z")).encode()
    told = {"Content-Type": "application/json", "Content-Length": str(len(body))}
    async with AsyncExitStack() as stack:
        await _keep_busy(narrow, stack, MOST)
        async with wire_to(narrow.port) as wire:
            alive, _ = await wire.ask("/livez")
            rest = await wire.rest()
        async with wire_to(narrow.port) as wire:
            wire.send(f"{API}/bookings/preflight", "POST", **told)
            wire.writer.write(body)
            checked, problem = await wire.receive()

    assert (status_of(alive), rest) == (200, b"")
    assert b"connection: close" in alive.lower()
    assert (status_of(checked), json.loads(problem)["code"]) == (409, "slot_taken")


@pytest.mark.fault("P07")
async def test_who_asks_for_another_protocol_keeps_no_file(narrow: Program) -> None:
    """WebSockets are not spoken here: such a request is answered as any other of its place."""
    told = {"Connection": "Upgrade", "Upgrade": "websocket"}
    key = {"Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": "c2l4dGVlbiBieXRlcyE="}
    statuses = Counter[int]()
    for _ in range(FILES):
        async with wire_to(narrow.port) as wire:
            statuses[status_of((await wire.ask("/livez", **told, **key))[0])] += 1
    await _is_served_again(narrow)

    assert statuses == {200: FILES}


@pytest.mark.fault("P07")
async def test_strangers_who_only_hold_connections_leave_files_for_others(narrow: Program) -> None:
    async with AsyncExitStack() as stack:
        await _keep_busy(narrow, stack, MOST)
        taken = []
        for _ in range(40):
            for _ in range(10):
                await stack.enter_async_context(wire_to(narrow.port))
            taken.append(narrow.files())

    assert max(taken[5:]) < FILES


@pytest.mark.fault("P07")
async def test_connections_on_which_nothing_is_asked_make_room(narrow: Program) -> None:
    async with AsyncExitStack() as stack:
        resting = [await stack.enter_async_context(wire_to(narrow.port)) for _ in range(MOST)]
        for wire in resting:
            assert await wire.status(TIMES) == 200
        await asyncio.sleep(1.1)
        coming = [await stack.enter_async_context(wire_to(narrow.port)) for _ in range(MOST)]
        statuses = Counter([await wire.status(TIMES) for wire in coming])
        ended = [await wire.rest() for wire in resting]

    assert statuses == {200: MOST}
    assert ended == [b""] * MOST


@pytest.mark.fault("P07")
async def test_after_a_rush_beyond_all_files_everything_works_again(narrow: Program) -> None:
    """Whoever was not served in it was told so, or not let in at all."""
    statuses: Counter[int] = Counter()

    async def visit() -> None:
        try:
            async with wire_to(narrow.port) as wire:
                statuses[await wire.status(TIMES)] += 1
                await asyncio.sleep(0.5)
        except (OSError, EOFError):
            statuses[0] += 1

    await _is_served_again(narrow)
    for _ in range(3):
        await asyncio.gather(*(visit() for _ in range(3 * FILES)))
    await _is_served_again(narrow)
    async with httpx.AsyncClient(base_url=narrow.url, timeout=PATIENCE) as http:

        async def is_ready() -> bool:
            return bool((await http.get("/readyz")).json()["status"] == "ready")

        async with asyncio.timeout(PATIENCE):
            await until(is_ready, every=0.05)

    assert set(statuses) <= {0, 200, 503}
    assert statuses[200] >= MOST
    assert statuses[503] > 0


async def _is_shown(http: httpx.AsyncClient) -> None:
    """Waits until the figures say that reads are refused; it may be over for a moment when one looks."""

    async def is_shown() -> bool:
        return "\nbff_overloaded 1.0\n" in (await http.get("/metrics")).text

    async with asyncio.timeout(2 * PATIENCE):
        await until(is_shown, every=0.02)


async def _what_became_of(http: httpx.AsyncClient, booking: Json) -> str:
    """Its status, when it is known."""
    path, bearer = f"{API}/bookings/{booking['id']}", f"Bearer {booking['manage']['token']}"
    status = str(booking["status"])

    async def is_known() -> bool:
        nonlocal status
        status = (await http.get(path, headers={"Authorization": bearer})).json()["status"]
        return bool(status != "confirming")

    async with asyncio.timeout(PATIENCE):
        await until(is_known, every=0.1)
    return status


class Flood:
    """Reads that all are to be worked out: no two ask the same."""

    def __init__(self, program: Program) -> None:
        self.statuses: Counter[int] = Counter()
        self.codes: set[str] = set()
        self.readable = 0
        """Refusals that a browser may read."""
        self._program = program
        self._numbers = count()

    @asynccontextmanager
    async def coming(self) -> AsyncIterator[None]:
        tasks = [asyncio.create_task(self._go_on()) for _ in range(FLOOD)]
        try:
            yield
        finally:
            for each in tasks:
                each.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _go_on(self) -> None:
        async with wire_to(self._program.port) as wire:
            while True:
                head, body = await wire.ask(self._question(), Origin=ORIGIN)
                status = status_of(head)
                self.statuses[status] += 1
                if status == 503:
                    self.codes.add(json.loads(body)["code"])
                    self.readable += b"access-control-allow-origin: " in head
                    await asyncio.sleep(0.1)

    async def has_refused(self, number: int) -> None:
        async def so_many() -> bool:
            return self.statuses[503] >= number

        async with asyncio.timeout(2 * PATIENCE):
            await until(so_many, every=0.02)

    def _question(self) -> str:
        """Dear ones: two months of all event types."""
        days, zone = divmod(next(self._numbers), len(ZONES))
        return asked(TODAY + timedelta(days=days % LONGEST), LONGEST - days // LONGEST % SHORTER, ZONES[zone])


def asked(first: date, dates: int = LONGEST, zone: str = "UTC") -> str:
    return f"{MERGED}&from={first}&to={first + timedelta(days=dates - 1)}&timeZone={zone}"


@pytest.mark.fault("P09")
async def test_with_more_reads_than_can_be_worked_out_some_are_refused_and_no_booking(
    calendly: Simulation, redis: RedisServer, tmp_path: Path
) -> None:
    log = tmp_path / "bff.log"
    await calendly.settings(tier="enterprise")
    told = dict.fromkeys(
        ("BFF_AVAILABILITY_FRESH", "BFF_AVAILABILITY_STALE", "BFF_EVENT_TYPES_FRESH"), "3600"
    )
    told |= {"BFF_STALE_IF_ERROR": "7200", "BFF_ALLOWED_ORIGINS": ORIGIN, "CALENDLY_TIER": "enterprise"}
    told |= {"CALENDLY_READ_TIMEOUT": "8"}
    with served_program(calendly, redis, log, None, **told) as program:
        async with httpx.AsyncClient(base_url=program.url, timeout=PATIENCE) as http:
            days = (await http.get(TIMES)).json()["days"]
            flood = Flood(program)
            for weeks in (0, 9):
                read = await http.get(asked(TODAY + timedelta(weeks=weeks)))
                assert read.status_code == 200, read.text
            async with flood.coming():
                await flood.has_refused(1)
                alive = await http.get("/livez")
                start = next(slot["start"] for day in days for slot in day["slots"])
                booked = await http.post(
                    f"{API}/bookings",
                    json=booking_body("intro-call", start),
                    headers={"Idempotency-Key": "a-key-in-a-crowd"},
                )
                await _is_shown(http)
                await flood.has_refused(1000)
            # Where the machine has other things to do as well, an answer says that it is not known yet.
            assert booked.status_code in {201, 202}, booked.text
            became = await _what_became_of(http, booked.json())
        await _is_served_again(program)

    assert alive.status_code == 200
    assert became == "confirmed"
    # There, some wait too long for Calendly, too, and after several of those it is left in peace for a while.
    assert {200, 503} <= set(flood.statuses) <= {200, 503, 504}
    assert {"overloaded"} <= flood.codes <= {"overloaded", "upstream_busy"}
    assert flood.readable == flood.statuses[503]
    assert '"event": "reads.overloaded"' in log.read_text()
