"""The simulator for tests: in process with a clock that stands still, or behind a socket."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from simulator.app import create_simulator, utc_now
from simulator.server import server_config
from simulator.state import Clock
from tests.support.serving import serve_config

ADA = "simulator-token-ada"
GRACE = "simulator-token-grace"
BASE = "http://calendly.example.test"
MONDAY = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)
"""07:00 in Berlin and 01:00 in New York, before anybody works."""


@dataclass
class StandingClock:
    moment: datetime = MONDAY

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **distance: float) -> None:
        self.moment += timedelta(**distance)


@contextmanager
def running_simulator(clock: Clock = utc_now) -> Iterator[str]:
    """A simulator behind a real socket, able to cut connections; gives its base URL."""
    with serve_config(server_config(create_simulator(clock=clock), host="127.0.0.1", port=0)) as base_url:
        yield base_url
