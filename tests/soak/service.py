"""`python -m tests.soak.service OPTIONS`: the service, loaded once, in as many processes as are asked for.

A line `start` on standard input forks one and is answered with its process id and port; it takes
connections at once. `bury PID` waits for one that was killed. At the end of the input all are killed.
The settings come from the environment; OPTIONS are `Options` as JSON.
"""

import os
import signal
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from typing import NoReturn

import msgspec
import uvicorn
from fastapi import FastAPI

from app.environment import settings_from_environment
from app.intents.options import ProtocolOptions
from app.main import create_app
from app.observability import configure_logging

BACKLOG = 512

KEEP_ALIVE = 60
"""Seconds: longer than any client of the trials keeps a connection that it does not use. Where both ends close at the
same age, what is sent just then gets no answer.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the service may be told besides its settings, by a program alone."""

    protocol: ProtocolOptions
    doubts: bool = True


def main() -> None:
    settings = settings_from_environment(env_file=None)
    configure_logging(settings.bff.log_level)
    options = msgspec.json.decode(sys.argv[1], type=Options)
    app = create_app(settings, protocol=options.protocol, doubts=options.doubts)
    alive: set[int] = set()
    for line in sys.stdin:
        match line.split():
            case ["start"]:
                alive.add(_started(app))
            case ["bury", pid]:
                os.waitpid(int(pid), 0)
                alive.discard(int(pid))
    for pid in alive:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _started(app: FastAPI) -> int:
    listener = socket.create_server(("127.0.0.1", 0), backlog=BACKLOG)
    pid = os.fork()
    if pid == 0:
        _serve(app, listener)
    sys.stdout.write(f"{pid} {listener.getsockname()[1]}\n")
    sys.stdout.flush()
    listener.close()
    return pid


def _serve(app: FastAPI, listener: socket.socket) -> NoReturn:
    config = uvicorn.Config(
        app,
        access_log=False,
        log_config=None,
        server_header=False,
        ws="none",
        timeout_keep_alive=KEEP_ALIVE,
    )
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
