"""A real Redis of our own, that may be killed, stopped and filled."""

import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from redis import Redis

from app.intents import names
from tests.support.ports import await_listener, free_port

PROGRAM = shutil.which("redis-server") or "redis-server"
CACHE, STATE = 0, 1
"""Databases, for services that share a server."""


class RedisServer:
    """A `redis-server` process on a port it keeps through its deaths, fit for state unless `settings` say otherwise."""

    def __init__(self, folder: Path, **settings: str) -> None:
        self._folder = folder
        self._settings = settings
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None

    def url(self, database: int = CACHE, *, user: str = "") -> str:
        """`user` as `name:password`, where it is not everybody."""
        return f"redis://{user}{'@' if user else ''}127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        options = {
            "port": self.port,
            "bind": "127.0.0.1",
            "save": "",
            "appendonly": "yes",
            "dir": self._folder,
        }
        arguments = [str(part) for name, value in options.items() for part in (f"--{name}", value)]
        for name, value in self._settings.items():
            arguments += [f"--{name.replace('_', '-')}", *value.split(" ")]
        self._process = subprocess.Popen([PROGRAM, *arguments], stdout=subprocess.DEVNULL)
        await_listener(self.port)

    def pause(self) -> None:
        """It accepts connections and answers nothing."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def kill(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    @property
    def runs(self) -> bool:
        return self._process is not None

    def flush(self) -> None:
        with Redis(port=self.port) as client:
            client.flushall()

    def forget_bookings(self) -> None:
        """Not what their names are made with: a store that loses that, too, makes everybody wait."""
        with Redis(port=self.port, db=STATE) as client:
            for name in client.scan_iter():
                if name != names.NAMING.encode():
                    client.delete(name)

    def told(self, *words: str | int) -> Any:
        """The reply to one command."""
        with Redis(port=self.port) as client:
            return client.execute_command(*words)

    def _signal(self, number: signal.Signals) -> None:
        if self._process is None:
            raise RuntimeError("this Redis does not run")
        self._process.send_signal(number)


@contextmanager
def running_redis(folder: Path, **settings: str) -> Iterator[RedisServer]:
    """`settings` as in redis.conf, with `_` for `-`."""
    server = RedisServer(folder, **settings)
    server.start()
    try:
        yield server
    finally:
        server.kill()
