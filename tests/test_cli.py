"""`calendly-bff`: what an operator types, as processes of their own."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx
import pytest
import uvicorn
from starlette.types import Receive, Scope, Send
from typer.testing import CliRunner

from app.cli import app
from app.contract import document
from app.demo import _Announced
from app.main import create_app
from tests.support.keys import SECRET_KEY
from tests.support.ports import await_listener, free_port, is_taken
from tests.support.redis import CACHE, STATE, RedisServer
from tests.support.simulation import ADA, Simulation, running_simulator

PROGRAM = str(Path(sys.executable).parent / "calendly-bff")
PATIENCE = 60
REAL = {
    "CALENDLY_TOKEN": "a-token-of-a-real-account",
    "CALENDLY_API_URL": "https://calendly.example.test",
    "BFF_PRODUCTION": "true",
    "BFF_EVENT_TYPES": "nothing",
    "BFF_REDIS_URL": "redis://127.0.0.1:1/0",
    "BFF_STATE_URL": "redis://127.0.0.1:1/1",
    "BFF_SECRET_KEYS": SECRET_KEY,
    "BFF_MISSPELT": "yes",
}
"""Settings of somebody who serves visitors from the same folder."""


def _environment(**settings: str) -> dict[str, str]:
    """Nothing of whoever runs the tests but what a program needs."""
    own = ("BFF_", "CALENDLY_", "PORT", "SIMULATOR_PORT")
    return {name: value for name, value in os.environ.items() if not name.startswith(own)} | settings


def _run(*arguments: str, folder: Path, **settings: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [PROGRAM, *arguments],
        env=_environment(**settings),
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@contextmanager
def _running(
    arguments: list[str], folder: Path, settings: Mapping[str, str]
) -> Iterator["subprocess.Popen[str]"]:
    process = subprocess.Popen(
        [PROGRAM, *arguments],
        env=_environment(**settings),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)  # its workers as well: they share its pipes
        process.communicate()


def _stopped(process: "subprocess.Popen[str]", number: signal.Signals) -> tuple[int, str]:
    """Its exit code, and what it said on standard error."""
    process.send_signal(number)
    _, said = process.communicate(timeout=PATIENCE)
    return process.returncode, said


@pytest.mark.fault("P01")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=lambda number: number.name)
async def test_serve_serves_until_it_is_told_to_stop(
    calendly: Simulation, tmp_path: Path, number: signal.Signals
) -> None:
    port = free_port()
    settings = {"CALENDLY_TOKEN": ADA, "CALENDLY_API_URL": str(calendly.http.base_url), "BFF_PORT": "1"}
    with _running(["serve", "--port", str(port)], tmp_path, settings) as process:
        await_listener(port)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            answer = await http.get("/api/v1/event-types")
        code, said = _stopped(process, number)

    assert len(answer.json()["items"]) == 13
    assert code == 0
    assert said.startswith("No Redis is set")
    assert {"event": "request.answered", "status": 200}.items() <= json.loads(said.splitlines()[-1]).items()


async def test_several_workers_serve_on_one_port(
    calendly: Simulation, redis: RedisServer, tmp_path: Path
) -> None:
    port = free_port()
    settings = {
        "CALENDLY_TOKEN": ADA,
        "CALENDLY_API_URL": str(calendly.http.base_url),
        "BFF_REDIS_URL": redis.url(CACHE),
        "BFF_STATE_URL": redis.url(STATE),
        "BFF_SECRET_KEYS": SECRET_KEY,
        "BFF_PRODUCTION": "true",
    }
    with _running(["serve", "--port", str(port), "--workers", "2"], tmp_path, settings) as process:
        await_listener(port)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=PATIENCE) as http:
            answer = await http.get("/readyz")
        code, said = _stopped(process, signal.SIGTERM)

    assert answer.json()["status"] == "ready"
    assert code == 0
    assert "No Redis" not in said


@pytest.mark.fault("P08")
@pytest.mark.parametrize("command", ["serve", "doctor"])
def test_a_wrong_setting_is_explained_without_a_traceback(tmp_path: Path, command: str) -> None:
    run = _run(command, folder=tmp_path, CALENDLY_TOKEN="marker")

    assert run.returncode == 2
    assert run.stderr.startswith("calendly-bff cannot start:\nCALENDLY_TOKEN: does not look like a token")
    assert "Traceback" not in run.stderr
    assert "marker" not in run.stderr


def test_serve_without_a_token_says_what_is_missing(tmp_path: Path) -> None:
    run = _run("serve", folder=tmp_path)

    assert run.returncode == 2
    assert "CALENDLY_TOKEN is not set" in run.stderr


async def test_demo_needs_nothing_and_leaves_nothing_behind(tmp_path: Path) -> None:
    port, simulator_port = free_port(), free_port()
    settings = {"PORT": str(port), "SIMULATOR_PORT": str(simulator_port)}
    with _running(["demo"], tmp_path, settings) as process:
        await_listener(port)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            page = await http.get("/")
            listed = await http.get("/api/v1/event-types")
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=PATIENCE)

    assert "<!doctype html>" in page.text.lower()
    assert len(listed.json()["items"]) == 13
    assert f"http://127.0.0.1:{port}/" in said
    assert process.returncode == 0
    assert not is_taken(simulator_port)


@pytest.mark.parametrize("told_by", ["environment", "file"])
async def test_demo_takes_no_notice_of_settings_that_may_be_about_a_real_account(
    tmp_path: Path, told_by: str
) -> None:
    port = free_port()
    ports = {"PORT": str(port), "SIMULATOR_PORT": str(free_port())}
    (tmp_path / ".env").write_text("\n".join(f"{name}={value}" for name, value in REAL.items()))
    if told_by == "environment":
        (tmp_path / ".env").unlink()
    with _running(["demo"], tmp_path, ports | (REAL if told_by == "environment" else {})) as process:
        await_listener(port)
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as http:
            listed = await http.get("/api/v1/event-types")
            ready = await http.get("/readyz")
        _stopped(process, signal.SIGTERM)

    assert len(listed.json()["items"]) == 13
    assert ready.json()["status"] == "ready"


def test_demo_explains_that_two_cannot_listen_on_one_port(tmp_path: Path) -> None:
    port = str(free_port())

    run = _run("demo", folder=tmp_path, PORT=port, SIMULATOR_PORT=port)

    assert run.returncode == 2
    assert "PORT and SIMULATOR_PORT must differ." in run.stderr


@pytest.mark.parametrize("taken", ["PORT", "SIMULATOR_PORT"])
async def test_demo_explains_a_port_that_is_taken(calendly: Simulation, tmp_path: Path, taken: str) -> None:
    ports = {"PORT": str(free_port()), "SIMULATOR_PORT": str(free_port())}

    run = _run("demo", folder=tmp_path, **ports | {taken: str(calendly.http.base_url.port)})

    assert run.returncode == 2
    assert f"Port {calendly.http.base_url.port} is in use." in run.stderr


async def test_demo_announces_nothing_that_did_not_start(capsys: pytest.CaptureFixture[str]) -> None:
    async def broken(scope: Scope, _receive: Receive, _send: Send) -> None:
        raise ZeroDivisionError(scope["type"])

    config = uvicorn.Config(broken, port=0, lifespan="on", log_level="critical")

    with pytest.raises(SystemExit):
        await _Announced(config, "Here it is").serve()

    assert capsys.readouterr().out == ""


def test_demo_explains_that_the_simulator_did_not_start(tmp_path: Path) -> None:
    with socket.socket() as kept:
        kept.bind(("127.0.0.1", 0))
        port = str(kept.getsockname()[1])

        run = _run("demo", folder=tmp_path, PORT=str(free_port()), SIMULATOR_PORT=port)

    assert run.returncode == 2
    assert "The simulator did not start." in run.stderr


@pytest.mark.parametrize("port", ["0", "65536", "-1", "http"])
def test_demo_explains_a_port_that_is_none(tmp_path: Path, port: str) -> None:
    run = _run("demo", folder=tmp_path, SIMULATOR_PORT=port)

    assert run.returncode == 2
    assert "Traceback" not in run.stderr


def test_doctor_ends_well_where_all_is_well(tmp_path: Path) -> None:
    with running_simulator() as url:
        run = _run("doctor", folder=tmp_path, CALENDLY_TOKEN=ADA, CALENDLY_API_URL=url)

    assert run.returncode == 0
    lines = {line.split()[1]: line.split()[0] for line in run.stdout.splitlines()}
    assert lines["users:read"] == "ok"
    assert lines["BFF_REDIS_URL"] == "note"


def test_doctor_ends_with_a_failure_where_something_is_wrong(tmp_path: Path) -> None:
    run = _run(
        "doctor", folder=tmp_path, CALENDLY_TOKEN=ADA, CALENDLY_API_URL=f"http://127.0.0.1:{free_port()}"
    )

    assert run.returncode == 1
    assert "FAIL  users:read" in run.stdout


def test_doctor_without_a_token_says_what_to_do(tmp_path: Path) -> None:
    run = _run("doctor", folder=tmp_path)

    assert run.returncode == 1
    assert run.stdout.startswith("FAIL  token")


def test_the_api_document_is_written(tmp_path: Path) -> None:
    file = tmp_path / "api.json"

    run = CliRunner().invoke(app, ["openapi", str(file)])

    assert run.exit_code == 0
    assert file.read_text() == document(create_app())


def test_a_current_api_document_passes_the_check(tmp_path: Path) -> None:
    file = tmp_path / "api.json"
    file.write_text(document(create_app()))

    assert CliRunner().invoke(app, ["openapi", "--check", str(file)]).exit_code == 0


@pytest.mark.parametrize("kept", [None, "{}"], ids=["missing", "stale"])
def test_any_other_api_document_fails_the_check_and_is_left_alone(tmp_path: Path, kept: str | None) -> None:
    file = tmp_path / "api.json"
    if kept is not None:
        file.write_text(kept)

    run = CliRunner().invoke(app, ["openapi", "--check", str(file)])

    assert run.exit_code == 1
    assert "Run: make openapi" in run.output
    assert file.is_file() == (kept is not None)


def test_the_package_can_be_run_as_a_module() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "app", "--help"], capture_output=True, text=True, check=True, timeout=PATIENCE
    )

    assert "serve" in run.stdout
