"""What the service needs around it: a Calendly, a Redis, and the service's own settings."""

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import httpx
from redis import Redis

from benchmarks.browser import ORIGIN
from benchmarks.cores import ALL, OTHERS, SERVERS, started_on
from tests.support.keys import SECRET_KEY
from tests.support.ports import free_port
from tests.support.programs import BIN, running, running_simulator_program
from tests.support.redis import CACHE, STATE, RedisServer, running_redis
from tests.support.simulation import ADA

Json = dict[str, Any]

OPEN = {"from": "08:00", "to": "22:30"}
"""29 slots of half an hour a day: 203 in a week."""

SLOTS_A_WEEK = 203
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
HORIZON = 366

WINDOW = 61
"""Seconds until Calendly has forgotten what it counted."""

ALLOWED = 500
"""Calls that Calendly takes in a minute, of whatever kind."""

LAUNCHER = (str(BIN / "calendly-bff"),)

LONG = "3600"
"""Seconds: nothing ages while it is measured."""


@dataclass(frozen=True, slots=True)
class Server:
    port: int
    pid: int


@dataclass(slots=True)
class Stage:
    folder: Path
    calendly: str
    redis: RedisServer
    _number: Iterator[int] = field(default_factory=count)

    @property
    def calendly_port(self) -> int:
        return int(self.calendly.rpartition(":")[2])

    def settings(self, **changes: str) -> dict[str, str]:
        """What production has, and lifetimes of an hour."""
        return {
            "CALENDLY_TOKEN": ADA,
            "CALENDLY_API_URL": self.calendly,
            "CALENDLY_TIER": "enterprise",
            "BFF_REDIS_URL": self.redis.url(CACHE),
            "BFF_STATE_URL": self.redis.url(STATE),
            "BFF_SECRET_KEYS": SECRET_KEY,
            "BFF_PRODUCTION": "true",
            "BFF_ALLOWED_ORIGINS": ORIGIN,
            "BFF_AVAILABILITY_FRESH": LONG,
            "BFF_AVAILABILITY_STALE": LONG,
            "BFF_EVENT_TYPES_FRESH": LONG,
            "BFF_STALE_IF_ERROR": "7200",
            "BFF_LOG_LEVEL": "info",
        } | changes

    @contextmanager
    def service(
        self,
        *,
        cores: frozenset[int] = SERVERS,
        launcher: tuple[str, ...] = LAUNCHER,
        **changes: str,
    ) -> Iterator[Server]:
        """`calendly-bff serve` as an operator runs it; its log goes to a file."""
        port = free_port()
        command = [*launcher, "serve", "--port", str(port)]
        with self.started(command, port, self.settings(**changes), cores=cores) as server:
            yield server

    @contextmanager
    def started(
        self,
        command: list[str],
        port: int,
        settings: Mapping[str, str] | None = None,
        *,
        cores: frozenset[int] = SERVERS,
    ) -> Iterator[Server]:
        log = self.folder / f"server-{next(self._number)}.log"
        with ExitStack() as stack:
            with started_on(cores):
                process = stack.enter_context(running(command, port=port, log=log, settings=settings))
            yield Server(port, process.pid)

    def control(self, method: str, path: str, body: object = None) -> Json:
        """One of the simulator's control calls."""
        answer = httpx.request(method, f"{self.calendly}/_simulator{path}", json=body, timeout=30)
        assert answer.status_code < httpx.codes.BAD_REQUEST, answer.text
        found: Json = answer.json() if answer.content else {}
        return found

    def furnish(self, *slugs: str, **fields: object) -> None:
        """Ada works long hours every day and offers these, half an hour each."""
        self.control("POST", "/reset")
        rules = [{"type": "wday", "wday": day, "intervals": [OPEN]} for day in DAYS]
        self.control("PATCH", "/users/ada", {"rules": rules})
        self.control("PATCH", "/settings", {"tier": "enterprise"})
        for slug in slugs:
            usual = {"slug": slug, "name": slug, "minimum_notice": 0, "horizon": HORIZON}
            self.control("POST", "/event_types", usual | fields)
        self.redis.flush()

    def event_type_ids(self) -> dict[str, str]:
        """By slug."""
        headers = {"Authorization": f"Bearer {ADA}"}
        with httpx.Client(base_url=self.calendly, headers=headers) as client:
            me = client.get("/users/me").json()["resource"]["uri"]
            items = client.get("/event_types", params={"user": me, "count": 100}).json()["collection"]
        return {item["slug"]: item["uri"].rpartition("/")[2] for item in items}

    def open_windows(self) -> None:
        """Calendly counts from nothing again, for its clock is a minute further; and so does the service."""
        offset = self.control("GET", "/settings")["clockOffsetSeconds"]
        self.control("PATCH", "/settings", {"clockOffsetSeconds": offset + WINDOW})
        with Redis(port=self.redis.port, db=STATE) as client:
            for name in client.scan_iter("*{budget:*}*"):
                client.delete(name)

    def replicas(self, stack: ExitStack, number: int) -> list[Server]:
        """Processes of the service that share the Redis, on all cores."""
        return [stack.enter_context(self.service(cores=ALL)) for _ in range(number)]

    def calls(self, path: str) -> list[Json]:
        """What the simulator was asked at `path` since its log was emptied."""
        items: list[Json] = self.control("GET", "/calls")["items"]
        return [item for item in items if item["path"] == path]


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    with ExitStack() as stack:
        with started_on(OTHERS):
            redis = stack.enter_context(running_redis(folder))
            simulator = stack.enter_context(running_simulator_program(folder))
        yield Stage(folder, simulator, redis)


def first_date() -> date:
    """The first date on which nothing becomes past while we measure, in any zone."""
    return (datetime.now(UTC) + timedelta(days=2)).date()


def uvicorn(app: str, port: int) -> list[str]:
    """A peer in Python, served as fast as this server can: no log, no headers of its own but the date."""
    options = "--loop uvloop --http httptools --no-access-log --no-server-header --log-level warning"
    # Where the program runs, there is nothing to import from.
    here = str(Path(__file__).parent.parent)
    return [
        sys.executable,
        "-m",
        "uvicorn",
        app,
        "--app-dir",
        here,
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        *options.split(),
    ]
