"""The canaries do sing: each way out that is watched, with something let out on purpose."""

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
    leaks,
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


async def test_a_watched_service_is_searched_when_it_stops() -> None:
    app = create_app(settings_for("http://127.0.0.1:9"), clock=system_clock)

    async with LifespanManager(watched(app)):
        await app.state.resources.cache.set(f"bff:{VISITOR_EMAIL}", "")
        await app.state.resources.state.set(TOKEN, "")

    assert drained() == [Leak("the visitor's e-mail", "a Redis key"), Leak("the token", "a Redis key")]


def test_a_service_behind_a_socket_is_searched_as_well() -> None:
    app = create_app(settings_for("http://127.0.0.1:9"), clock=system_clock)

    with serve(watched(app), patience=2.0):
        app.state.resources.metrics.requests.labels("GET", HOST_EMAIL, "200").inc()

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
