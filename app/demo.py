"""`calendly-bff demo`: the service with a Calendly of its own, on this machine, without an account.

The simulator runs as a process of its own and is spoken to over HTTP, as
Calendly would be: nothing else in this package knows that it exists.
"""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from pydantic import SecretStr

from app.calendly_settings import CalendlySettings
from app.main import create_app
from app.observability import configure_logging
from app.protocol import ReadyProtocol
from app.serving import leave_on_sigterm
from app.settings import BffSettings, ConfigurationError, Settings

HOST = "127.0.0.1"
PATIENCE = 30.0
"""Seconds for the simulator to start, on a slow machine."""

_READY = """
Calendly BFF is running, against a Calendly simulator of its own.

  Booking page   http://{host}:{port}/
  API            http://{host}:{port}/api/v1/event-types
  API document   http://{host}:{port}/docs
  Simulator      http://{host}:{simulator_port}/_simulator/bookings

Stop with Ctrl-C.
"""


def demo(port: int, simulator_port: int) -> None:
    """Blocks until told to stop. Neither the environment nor `.env` is looked at: they may be about a real account.

    Raises `ConfigurationError` where a port is taken.
    """
    leave_on_sigterm()
    if port == simulator_port:
        raise ConfigurationError("PORT and SIMULATOR_PORT must differ.")
    for wanted in (port, simulator_port):
        _refuse_taken(wanted)
    settings = Settings(
        calendly=CalendlySettings(
            token=SecretStr("simulator-token-ada"), api_url=f"http://{HOST}:{simulator_port}"
        ),
        bff=BffSettings(demo_page=True, log_level="warning"),
    )
    with _simulator(simulator_port):
        configure_logging(settings.bff.log_level)
        app = create_app(settings)
        config = uvicorn.Config(
            app,
            host=HOST,
            port=port,
            http=ReadyProtocol,
            ws="none",
            access_log=False,
            log_config=None,
            server_header=False,
        )
        _Announced(config, _READY.format(host=HOST, port=port, simulator_port=simulator_port)).run()


class _Announced(uvicorn.Server):
    """Says where it is once it can be reached, and not before: uvicorn offers no other hook for that."""

    def __init__(self, config: uvicorn.Config, announcement: str) -> None:
        super().__init__(config)
        self._announcement = announcement

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)  # or leaves, where it cannot be reached
        sys.stdout.write(self._announcement)
        sys.stdout.flush()


@contextmanager
def _simulator(port: int) -> Iterator[None]:
    command = [sys.executable, "-m", "simulator", "--host", HOST, "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _await_start(process, port)
        yield
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


def _await_start(process: "subprocess.Popen[bytes]", port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex((HOST, port)) == 0:
                return
        time.sleep(0.05)
    raise ConfigurationError("The simulator did not start.")


def _refuse_taken(port: int) -> None:
    with socket.socket() as probe:
        if probe.connect_ex((HOST, port)) == 0:
            raise ConfigurationError(
                f"Port {port} is in use. Choose others: PORT=8010 SIMULATOR_PORT=8011 make demo"
            )
