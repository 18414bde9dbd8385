"""What the server's protocol sends by itself, against what the same requests get on the usual way: raw bytes, both."""

import asyncio
import re
from collections.abc import Iterator
from dataclasses import replace

import pytest

from app import API
from app.wishes import LONGEST_BLOCK, MANY_BLOCKS, KnownBlocks, Wish
from tests.support.ready_service import Served, serving
from tests.support.redis import RedisServer
from tests.support.service import ORIGIN, plan_fault
from tests.support.simulation import Simulation
from tests.support.wire import status_of

PATH = f"{API}/event-types/intro-call/availability?from=2026-11-24&to=2026-11-25"
OTHER = f"{API}/event-types/visit/availability?from=2026-11-24&to=2026-11-25"
LONG = f"{API}/event-types/intro-call/availability?from=2026-11-24&to=2027-01-24"
LISTED = f"{API}/event-types"
BROWSER = {"Accept-Encoding": "gzip, deflate, br, zstd", "Origin": ORIGIN, "X-Request-Id": "mine-12345"}
VARIES = re.compile(rb"(?mi)^(date|x-request-id): .*\r\n")
"""From one answer to the next."""


@pytest.fixture
def served(calendly: Simulation, redis: RedisServer) -> Iterator[Served]:
    with serving(calendly, redis) as running:
        yield running


@pytest.fixture
def usual(calendly: Simulation, redis: RedisServer) -> Iterator[Served]:
    with serving(calendly, redis, http="httptools") as running:
        yield running


def _told(head: bytes) -> tuple[bytes, list[bytes]]:
    """Status line and headers, whatever their order and their case."""
    status, *lines = VARIES.sub(b"", head).split(b"\r\n")
    return status, sorted(line.lower() for line in lines)


def _answers_in(metrics: bytes) -> float:
    """About free times of one event type."""
    labels = f'method="GET",route="{API}/event-types/{{eventTypeId}}/availability",status="200"'
    [line] = [line for line in metrics.decode().splitlines() if f"bff_requests_total{{{labels}}}" in line]
    return float(line.rsplit(" ", 1)[1])


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="nothing said"),
        pytest.param(BROWSER, id="a browser"),
        pytest.param({"Accept-Encoding": "gzip;q=1, br;q=0", "Origin": "https://evil.test"}, id="a stranger"),
        pytest.param({"If-None-Match": "*"}, id="who has it"),
        pytest.param({"X-Request-Id": "bad id"}, id="an id that harms"),
    ],
)
async def test_what_is_ready_is_sent_as_on_the_usual_way(
    served: Served, usual: Served, headers: dict[str, str]
) -> None:
    answers = []
    for server in (served, usual):
        await server.made_ready(PATH)
        async with server.wire() as wire:
            answers.append([await wire.ask(PATH, **headers) for _ in range(2)])

    (ready, again), (by_asgi, _) = answers
    assert (_told(ready[0]), ready[1]) == (_told(by_asgi[0]), by_asgi[1])
    assert (_told(again[0]), again[1]) == (_told(ready[0]), ready[1])
    assert re.search(rb"(?mi)^date: .{3}, .+ GMT\r$", ready[0])
    assert (len(served.app.asked), len(usual.app.asked)) == (0, 2)


@pytest.mark.parametrize(
    ("method", "version", "headers"),
    [
        pytest.param("HEAD", "1.1", {}, id="only the head"),
        pytest.param("POST", "1.1", {"Content-Length": "0"}, id="another method"),
        pytest.param("GET", "1.0", {}, id="an older version"),
        pytest.param("GET", "1.1", {"Connection": "close"}, id="nothing is to follow"),
        pytest.param("GET", "1.1", {"Content-Length": "0"}, id="a body"),
        pytest.param("GET", "1.1", {"Expect": "100-continue", "Content-Length": "0"}, id="asks first"),
        pytest.param("GET", "1.1", {"Accept": "a/b", "accept": "c/d"}, id="a header twice"),
        pytest.param("GET", "1.1", {"Connection": "Upgrade", "Upgrade": "h2c"}, id="another protocol"),
    ],
)
async def test_whatever_is_not_plain_goes_the_usual_way(
    served: Served, method: str, version: str, headers: dict[str, str]
) -> None:
    await served.made_ready(PATH)

    async with served.wire() as wire:
        wire.send(PATH, method, version, **headers)
        head, _ = await wire.receive(has_body=method != "HEAD")

    assert head.split(b" ")[1] == (b"200" if method == "GET" else b"405")
    assert len(served.app.asked) == 1


async def test_a_body_that_comes_with_a_get_is_not_taken_for_the_next_request(served: Served) -> None:
    await served.made_ready(PATH)
    smuggled = f"GET {LISTED} HTTP/1.1\r\nHost: x\r\n\r\n"

    async with served.wire() as wire:
        wire.send(PATH, **{"Content-Length": str(len(smuggled))})
        wire.writer.write(smuggled.encode())
        wire.send(OTHER)
        heads = [(await wire.receive())[0] for _ in range(2)]

    assert [head.split(b" ")[1] for head in heads] == [b"200"] * 2
    assert [path.rsplit("/", 2)[1] for path in served.app.asked] == ["intro-call", "visit"]


async def test_answers_come_in_the_order_of_the_questions(served: Served) -> None:
    """Whichever of them were ready, and though all were sent at once."""
    await served.made_ready(PATH, OTHER)
    asked = [PATH, LISTED, PATH, OTHER, LISTED, OTHER, PATH]

    async with served.wire() as wire:
        alone = {target: (await wire.ask(target))[1] for target in asked}
        for target in asked:
            wire.send(target)
        bodies = [(await wire.receive())[1] for _ in asked]

    assert bodies == [alone[target] for target in asked]


async def test_who_asks_and_takes_nothing_fills_no_memory(served: Served) -> None:
    """What nobody takes is no longer made; and when it is taken, nothing is missing."""
    await served.made_ready(LONG)
    many = 2000

    async with served.wire() as wire, served.wire() as other:
        _, body = await wire.ask(LONG)
        wire.writer.transport.pause_reading()  # type: ignore[attr-defined]
        for _ in range(many):
            wire.send(LONG)
        await asyncio.sleep(1)
        made = _answers_in((await other.ask("/metrics"))[1])
        wire.writer.transport.resume_reading()  # type: ignore[attr-defined]
        taken = [len((await wire.receive())[1]) for _ in range(many)]

    assert taken == [len(body)] * many
    assert 2 < made < many / 2


async def test_who_leaves_in_the_middle_harms_nobody(served: Served) -> None:
    await served.made_ready(PATH)
    async with served.wire() as wire:
        for _ in range(100):
            wire.send(PATH)
        wire.writer.transport.abort()

    async with served.wire() as wire:
        head, _ = await wire.ask(PATH)

    assert head.startswith(b"HTTP/1.1 200 ")


async def test_a_connection_on_which_nothing_comes_is_closed(
    calendly: Simulation, redis: RedisServer
) -> None:
    with serving(calendly, redis, timeout_keep_alive=1) as served:
        await served.made_ready(PATH)
        async with served.wire() as wire:
            await wire.ask(PATH)
            closed = await wire.rest() == b""

    assert closed
    assert served.app.asked == []


async def test_what_is_sent_here_is_logged_and_counted_like_any_other(
    served: Served, capfd: pytest.CaptureFixture[str]
) -> None:
    await served.made_ready(PATH)
    async with served.wire() as wire:
        for number in range(5):
            await wire.ask(PATH, **{"X-Request-Id": f"mine-1234{number}"})
        _, shown = await wire.ask("/metrics")

    assert _answers_in(shown) == 6
    logged = capfd.readouterr().err
    assert all(f'"request_id": "mine-1234{number}"' in logged for number in range(5))


async def test_what_was_booked_is_not_sent_any_more(served: Served) -> None:
    await served.made_ready(PATH)
    async with served.wire() as wire:
        _, before = await wire.ask(PATH)
        start = re.findall(rb'"start":"([^"]+)"', before)[0].decode()
        body = (
            f'{{"eventTypeId": "intro-call", "start": "{start}", "timeZone": "Europe/Berlin",'
            ' "invitee": {"name": "Grace Example", "email": "grace@example.test"}}'
        )
        headers = {"Content-Type": "application/json", "Idempotency-Key": "a-key-of-this-test"}
        wire.send(f"{API}/bookings", "POST", **headers, **{"Content-Length": str(len(body))})
        wire.writer.write(body.encode())
        head, _ = await wire.receive()
        _, after = await wire.ask(PATH)

    assert head.startswith(b"HTTP/1.1 201 ")
    assert start.encode() in before
    assert start.encode() not in after


async def test_what_is_ready_is_sent_whichever_event_it_is_to_be_as_new_as(served: Served) -> None:
    await served.made_ready(PATH)
    async with served.wire() as wire:
        told = [await wire.status(f"{PATH}&after={mark}") for mark in ("5e0c1d6a-1-0", "5e0c1d6a-1-1", "x")]

    assert (told, list(served.app.asked)) == ([200] * 3, [])


async def test_headers_that_were_understood_once_are_known_again(served: Served) -> None:
    """By whoever says them, and whatever is asked for; a byte more, and they are others."""
    await served.made_ready(PATH, OTHER)
    async with served.wire() as first:
        plain = await first.ask(PATH, **BROWSER)
    async with served.wire() as second:
        again = await second.ask(PATH, **BROWSER)
        other = await second.ask(OTHER, **BROWSER)
        longer = await second.ask(PATH, **BROWSER, **{"If-None-Match": "*"})

    assert (_told(again[0]), again[1]) == (_told(plain[0]), plain[1])
    assert other[1] != plain[1]
    assert longer[0].startswith(b"HTTP/1.1 304 ")
    assert served.app.asked == []


@pytest.mark.parametrize("size", [1, 7, 40, 200])
async def test_however_bytes_are_cut_they_are_the_same_requests(served: Served, size: int) -> None:
    await served.made_ready(PATH, OTHER)
    asked = [PATH, OTHER, LISTED, PATH, PATH]

    async with served.wire() as wire:
        alone = {target: (await wire.ask(target, **BROWSER))[1] for target in asked}
        lines = "".join(
            f"{name}: {value}\r\n" for name, value in ({"Host": "bff.example.test"} | BROWSER).items()
        )
        sent = "".join(f"GET {target} HTTP/1.1\r\n{lines}\r\n" for target in asked).encode()
        for at in range(0, len(sent), size):
            wire.writer.write(sent[at : at + size])
            await wire.writer.drain()
            await asyncio.sleep(0)
        bodies = [(await wire.receive())[1] for _ in asked]

    assert bodies == [alone[target] for target in asked]


async def test_what_follows_known_headers_is_not_swallowed(served: Served) -> None:
    """The same headers, and in the same packet another request; or a beginning that is none."""
    await served.made_ready(PATH)
    request = f"GET {PATH} HTTP/1.1\r\nHost: bff.example.test\r\n\r\n".encode()

    async with served.wire() as wire:
        _, body = await wire.ask(PATH)
        wire.writer.write(request + request)
        two = [(await wire.receive())[1] for _ in range(2)]
        wire.writer.write(b"GET " + request)
        head, _ = await wire.receive()

    assert two == [body, body]
    assert head.startswith(b"HTTP/1.1 400 ")


async def test_who_never_stops_asking_keeps_the_connection(calendly: Simulation, redis: RedisServer) -> None:
    """And who stops, loses it, whichever way the last answer was given."""
    with serving(calendly, redis, timeout_keep_alive=1) as served:
        await served.made_ready(PATH)
        async with served.wire() as wire:
            for target in (LISTED, *[PATH] * 8):
                head, _ = await wire.ask(target)
                await asyncio.sleep(0.2)
            closed = await wire.rest() == b""

    assert head.startswith(b"HTTP/1.1 200 ")
    assert closed


async def test_an_answer_that_takes_its_time_is_not_cut_off_by_the_one_before_it(
    calendly: Simulation, redis: RedisServer
) -> None:
    """Both asked for in one packet, the first of which is ready."""
    with serving(calendly, redis, timeout_keep_alive=1) as served:
        await served.made_ready(PATH)
        await plan_fault(calendly, "delay", path="^/event_type_available_times", times=9, seconds=2)
        async with served.wire() as wire:
            wire.send(PATH)
            wire.send(OTHER)
            heads = [(await wire.receive())[0] for _ in range(2)]

    assert [status_of(head) for head in heads] == [200, 200]


def test_of_headers_no_more_is_remembered_than_fits() -> None:
    known, wish = KnownBlocks(), Wish(encoding="br", tags=None, request_id=None, cors=b"")

    for number in range(5000):
        known.keep(f"\r\nHost: {number}\r\n\r\n".encode(), wish)
    known.keep(b"x" * (LONGEST_BLOCK + 1), wish)
    known.keep(b"an id", replace(wish, request_id=b"mine-12345"))
    known.keep(b"a tag", replace(wish, tags=b"*"))

    remembered = [number for number in range(5000) if known.find(f"\r\nHost: {number}\r\n\r\n".encode())]
    assert remembered == list(range(5000 - MANY_BLOCKS, 5000))
    assert known.find(b"x" * (LONGEST_BLOCK + 1)) is None
    assert (known.find(b"an id"), known.find(b"a tag")) == (None, None)


ASKED = b"\r\nHost: x\r\nAccept-Encoding: br\r\n\r\n"
WISH = Wish(encoding="br", tags=None, request_id=None, cors=b"")


def _with_tags(line: bytes) -> bytes:
    return ASKED.replace(b"\r\nAccept", b"\r\n" + line + b"\r\nAccept")


@pytest.mark.parametrize(
    ("line", "tags"),
    [
        pytest.param(b'If-None-Match: "a-br"', b'"a-br"', id="one"),
        pytest.param(b'if-none-match: W/"a", "b"', b'W/"a", "b"', id="several, in small letters"),
        pytest.param(b"If-None-Match: *", b"*", id="any"),
        pytest.param(b"If-None-Match: a", None, id="no tag"),
        pytest.param(b"If-None-Match: ", None, id="nothing"),
        pytest.param(b'If-None-Match: "a\x00"', None, id="what the parser refuses"),
        pytest.param(b'If-none-match: "a"', None, id="a spelling of its own"),
        pytest.param(b'If-None-Match: "a"\r\nIf-None-Match: "b"', None, id="twice"),
        pytest.param(b'If-None-Match: "a"\r\n "b"', None, id="on two lines"),
    ],
)
def test_tags_alone_make_no_headers_unknown(line: bytes, tags: bytes | None) -> None:
    known = KnownBlocks()
    before = known.find(_with_tags(line))
    known.keep(ASKED, WISH)

    found = known.find(_with_tags(line))
    assert before is None
    assert found == (None if tags is None else replace(WISH, tags=tags))


def test_headers_that_were_first_said_with_tags_are_known_without() -> None:
    known = KnownBlocks()
    known.keep(_with_tags(b'If-None-Match: "a"'), replace(WISH, tags=b'"a"'))

    assert known.find(ASKED) == WISH
    assert known.find(_with_tags(b'If-None-Match: "b"')) == replace(WISH, tags=b'"b"')


async def test_whoever_has_the_answer_by_now_is_told_so(served: Served, usual: Served) -> None:
    """And whoever has another is sent it; both as on the usual way."""
    told = []
    for server in (served, usual):
        await server.made_ready(PATH, **BROWSER)
        async with server.wire() as wire:
            head, _ = await wire.ask(PATH, **BROWSER)
            [tag] = re.findall(rb"(?i)etag: (.+)\r", head)
            told.append(
                [await wire.ask(PATH, **BROWSER, **{"If-None-Match": has}) for has in (tag.decode(), '"b"')]
            )

    ready, by_asgi = told
    assert [status_of(head) for head, _ in ready] == [304, 200]
    assert [(_told(head), body) for head, body in ready] == [(_told(head), body) for head, body in by_asgi]
    assert served.app.asked == []
