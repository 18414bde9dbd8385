"""The canaries do sing: each way out that is watched, with something let out on purpose."""

import json
import subprocess
import sys
from base64 import b64encode, urlsafe_b64encode
from pathlib import Path

import httpx
import pytest
from asgi_lifespan import LifespanManager
from fastapi import FastAPI
from starlette.responses import PlainTextResponse

from app.main import create_app
from app.resources import system_clock
from tests.support.canary import (
    CANARIES,
    HOST_EMAIL,
    TOKEN,
    VISITOR_EMAIL,
    Leak,
    answer_leaks,
    drained,
    forget_issued,
    leaks,
    stored_leaks,
)
from tests.support.canary_watch import watched
from tests.support.service import settings_for
from tests.support.serving import serve

ROOT = Path(__file__).parents[2]

RAW = VISITOR_EMAIL.encode()
DISGUISES = {
    "plain": VISITOR_EMAIL,
    "capitals": VISITOR_EMAIL.upper(),
    "hex": RAW.hex(),
    "hex-capitals": RAW.hex().upper(),
    "in-an-address": VISITOR_EMAIL.replace("@", "%40"),
    "every-byte-escaped": "".join(f"%{byte:02X}" for byte in RAW),
    "json-escaped": "".join(f"\\u{byte:04x}" for byte in RAW),
    "base64": b64encode(RAW).decode(),
    "base64-behind-one": b64encode(b"x" + RAW + b"yz").decode(),
    "base64-behind-two": b64encode(b"xx" + RAW + b"y").decode(),
    "base64-for-addresses": urlsafe_b64encode(b"\xff\xfe\xfd" + RAW).decode(),
}

LEAKY_BOOKING = b'{"invitee":{"name":"Grace","email":"%s"},"guests":[],"location":"%s"}'
SILENT = b"nobody@example.test"

MANAGE_TOKEN = "AbCdEfGh0123456789-_ijklMNOP" * 4
BOOKING = "/api/v1/bookings/bk_1"


def managed(**more: str) -> bytes:
    """A booking with its token."""
    people = {"invitee": {"name": "Grace", "email": None}, "guests": []}
    return json.dumps({**people, "manage": {"token": MANAGE_TOKEN}, **more}).encode()


@pytest.mark.parametrize("words", [pytest.param(words, id=id_) for id_, words in DISGUISES.items()])
def test_a_canary_is_known_in_every_disguise(words: str) -> None:
    assert leaks("here", f"before {words} after") == [Leak("the visitor's e-mail", "here")]


@pytest.mark.parametrize("name", list(CANARIES))
def test_each_canary_is_told_by_its_name(name: str) -> None:
    assert leaks("here", CANARIES[name]) == [Leak(name, "here")]


def test_what_holds_no_canary_is_silent() -> None:
    assert leaks("here", "grace@example.test, simulator-token-grace, canary-visitor at example.test") == []


def test_a_booking_may_name_its_own_invitee() -> None:
    assert answer_leaks("/api/v1/bookings", 201, [], LEAKY_BOOKING % (RAW, SILENT)) == []


@pytest.mark.parametrize(
    ("status", "body"),
    [
        pytest.param(201, LEAKY_BOOKING % (SILENT, RAW), id="elsewhere-in-the-booking"),
        pytest.param(201, LEAKY_BOOKING % (SILENT, HOST_EMAIL.encode()), id="the-host"),
        pytest.param(409, LEAKY_BOOKING % (RAW, SILENT), id="in-a-problem"),
        pytest.param(201, LEAKY_BOOKING % (TOKEN.encode(), TOKEN.encode()), id="the-token"),
    ],
)
def test_nothing_else_in_an_answer_may(status: int, body: bytes) -> None:
    assert len(answer_leaks("/api/v1/bookings", status, [], body)) == 1


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_booking_may_name_its_own_manage_token(status: int) -> None:
    assert answer_leaks(BOOKING, status, [], managed()) == []


@pytest.mark.parametrize(
    "words",
    [
        pytest.param(MANAGE_TOKEN, id="plain"),
        pytest.param(MANAGE_TOKEN[:80], id="cut-short"),
        pytest.param(MANAGE_TOKEN.encode().hex(), id="hex"),
        pytest.param(b64encode(b"x" + MANAGE_TOKEN.encode()).decode(), id="base64"),
    ],
)
def test_a_manage_token_is_known_everywhere_else_once_it_was_issued(words: str) -> None:
    before = leaks("here", words)
    answer_leaks(BOOKING, 201, [], managed())

    assert (before, leaks("here", words)) == ([], [Leak("a manage token", "here")])


@pytest.mark.parametrize(
    ("path", "status", "headers", "body"),
    [
        pytest.param(BOOKING, 200, [], managed(calendarLinks=MANAGE_TOKEN), id="elsewhere-in-a-booking"),
        pytest.param(BOOKING, 201, [("Location", MANAGE_TOKEN)], managed(), id="a-header"),
        pytest.param(BOOKING, 404, [], managed(), id="a-problem"),
        pytest.param("/api/v1/event-types", 200, [], managed(), id="another-route"),
        pytest.param(BOOKING, 200, [], f"BEGIN:VCALENDAR {MANAGE_TOKEN}".encode(), id="a-calendar-file"),
    ],
)
def test_a_manage_token_may_come_out_nowhere_else(
    path: str, status: int, headers: list[tuple[str, str]], body: bytes
) -> None:
    answer_leaks(BOOKING, 201, [], managed())

    assert [leak.canary for leak in answer_leaks(path, status, headers, body)] == ["a manage token"]


def test_the_tokens_of_one_test_are_forgotten_in_the_next() -> None:
    answer_leaks(BOOKING, 201, [], managed())

    forget_issued()

    assert leaks("here", MANAGE_TOKEN) == []


@pytest.mark.parametrize(
    "words", ["eve@example.test", "id=eve%40example.test", "<eve.x+1@mail.example.test>"]
)
def test_anybodys_address_in_a_store_is_found(words: str) -> None:
    found = stored_leaks({f"bff:1:{words}": "1", "bff:1:due": f"{{b'matter': b'{words}'}}"})

    assert found == [Leak("an e-mail address", "a Redis key"), Leak("an e-mail address", "a Redis value")]


def test_headers_are_looked_at() -> None:
    found = answer_leaks("/livez", 200, [("X-Debug", TOKEN)], b"")

    assert found == [Leak("the token", "headers of 200 to /livez")]


async def test_a_watched_service_is_heard() -> None:
    app = FastAPI()
    app.add_api_route("/leak", lambda: PlainTextResponse(HOST_EMAIL), methods=["GET"])
    transport = httpx.ASGITransport(watched(app))

    async with httpx.AsyncClient(transport=transport, base_url="http://bff.example.test") as http:
        await http.get("/leak")

    assert drained() == [Leak("the host's e-mail", "body of 200 to /leak")]


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("SET", TOKEN, ""), id="name"),
        pytest.param(("SET", "bff", f"x{TOKEN}x"), id="text"),
        pytest.param(("HSET", "bff", "matter", TOKEN), id="hash"),
        pytest.param(("HSET", "bff", TOKEN, "matter"), id="field"),
        pytest.param(("ZADD", "bff", "1", TOKEN), id="sorted-set"),
    ],
)
@pytest.mark.parametrize("store", ["cache", "state"])
async def test_the_stores_of_a_watched_service_are_searched_when_it_stops(
    store: str, command: tuple[str, ...]
) -> None:
    app = create_app(settings_for("http://127.0.0.1:9"), clock=system_clock)

    async with LifespanManager(watched(app)):
        await getattr(app.state.resources, store).execute_command(*command)

    assert [leak.canary for leak in drained()] == ["the token"]


def test_a_service_behind_a_socket_is_searched_as_well() -> None:
    app = create_app(settings_for("http://127.0.0.1:9"), clock=system_clock)

    with serve(watched(app), patience=2.0):
        app.state.resources.metrics.requests.add("GET", HOST_EMAIL, 200, 0.1)

    assert drained() == [Leak("the host's e-mail", "the metrics")]


@pytest.mark.parametrize(
    ("statement", "failed"),
    [
        pytest.param(f"print({TOKEN!r})", 1, id="printed"),
        pytest.param(f"canary.report([canary.Leak({TOKEN!r}, 'x')])", 1, id="reported"),
        pytest.param("print('nothing of interest')", 0, id="harmless"),
    ],
)
def test_a_test_that_lets_a_canary_out_fails(statement: str, failed: int, tmp_path: Path) -> None:
    case = tmp_path / "test_case.py"
    case.write_text(f"from tests.support import canary\n\n\ndef test_case():\n    {statement}\n")
    plugin = ["-p", "tests.support.canary_plugin", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *plugin, "--rootdir", str(tmp_path), str(case)]

    finished = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)

    assert finished.returncode == failed, finished.stdout.decode()
