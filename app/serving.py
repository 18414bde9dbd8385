"""Runs the service under uvicorn, in one process or several."""

import ctypes
import gc
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from typing import Any, NoReturn

import uvicorn
from fastapi import FastAPI
from starlette.types import Lifespan

from app.connections import raise_limit
from app.environment import settings_from_environment
from app.main import create_app
from app.observability import configure_logging
from app.protocol import ReadyProtocol
from app.settings import Settings
from app.store_url import EMBEDDED_STORE

GRACE = 25
"""Seconds that running requests have at the end: a booking may take 18 upstream, and its answer is to be kept."""

COLLECTOR = (10_000, 20, 50)
"""How many new objects, and how many smaller rounds, lead to a round of the garbage collector, from the youngest up."""

_EMBEDDED = """\
No Redis is set: free times and outcomes of bookings are kept in this process and are gone when it ends.
That is enough to try things out. To run for visitors, set BFF_REDIS_URL, BFF_STATE_URL and BFF_PRODUCTION=true.
"""


def app_from_environment() -> FastAPI:
    """What each worker process makes for itself."""
    settings = settings_from_environment()
    configure_logging(settings.bff.log_level)
    app = create_app(settings)
    app.router.lifespan_context = _thrifty(app.router.lifespan_context)
    return app


def _thrifty(lifespan: Lifespan[FastAPI]) -> Lifespan[FastAPI]:
    """Sparing once all is there that stays until the end."""

    @asynccontextmanager
    async def thrifty(app: FastAPI) -> AsyncIterator[Mapping[str, Any]]:
        async with lifespan(app) as state:
            _spare_collector()
            _give_back()
            yield state or {}

    return thrifty


def _spare_collector() -> None:
    """To look through what stays, again and again, stops every answer for as long."""
    gc.unfreeze()  # what was set aside unseen while all was imported
    gc.collect()
    gc.freeze()
    gc.set_threshold(*COLLECTOR)


def _give_back() -> None:
    """To the system, the memory that it took to get this far: a tenth of all. Only glibc keeps it, and can be asked."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libc.so.6").malloc_trim(0)


def leave_on_sigterm() -> None:
    """Told to stop, leave by the exits, and with success: what is still open is closed on the way.

    While uvicorn serves, it takes the signal itself; when all is finished it raises it once more.
    """
    signal.signal(signal.SIGTERM, _leave)


def _leave(*_: object) -> NoReturn:
    raise SystemExit(0)


def serve(settings: Settings) -> None:
    """Blocks until told to stop (SIGTERM, SIGINT), and lets running requests finish.

    Raises `ConfigurationError`. `settings` must be what the environment says: with
    several workers, each reads it again.
    """
    settings.require_access()
    if EMBEDDED_STORE in {settings.bff.redis_url, settings.bff.state_url}:
        sys.stderr.write(_EMBEDDED)
    leave_on_sigterm()
    raise_limit()
    uvicorn.run(
        "app.serving:app_from_environment",
        factory=True,
        host=settings.bff.host,
        port=settings.bff.port,
        http=ReadyProtocol,
        ws="none",
        workers=settings.bff.workers,
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
    )
