"""A Calendly in which every free time tells by its seats which reading it comes from."""

import asyncio
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from email.utils import format_datetime
from itertools import count, takewhile

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from app.slots.planning import midnight
from tests.calendly import rig
from tests.support.serving import serve_config
from tests.support.simulation import Json, StandingClock

EVENT_TYPES = ("INTROCALLAAAAAAA", "VISITAAAAAAAAAAA")
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Reading:
    """One call for free times. `starts`: what was answered; None where nothing but a failure was."""

    number: int
    event_type: str
    begins: datetime
    ends: datetime
    at: datetime
    starts: tuple[datetime, ...] | None

    @property
    def first(self) -> date:
        return self.begins.date()

    @property
    def last(self) -> date:
        return (self.ends - timedelta.resolution).date()

    @property
    def days(self) -> list[date]:
        """Those of which it tells something."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]

    @property
    def ends_on(self) -> set[date]:
        """Those that whoever asked must have wanted, or worth bringing along: the rest came for nothing."""
        return {self.last} | ({self.first} if self.begins == midnight(self.first) else set())

    def of(self, day: date) -> list[datetime]:
        return [start for start in self.starts or () if start.date() == day]


@dataclass
class Calendly:
    """Offers every full hour that is not taken, of all event types of the one host alike.

    `failure`: what it answers to questions for free times instead. `held`: it knows
    its answer at once, and keeps it for itself.
    """

    clock: StandingClock
    taken: set[datetime] = field(default_factory=set)
    failure: tuple[int, Json] | None = None
    held: bool = False
    readings: list[Reading] = field(default_factory=list)
    holding: int = 0
    """Answers that it keeps for itself at the moment."""

    def reset(self) -> None:
        self.taken.clear()
        self.readings.clear()
        self.failure, self.held = None, False

    async def user(self, request: Request) -> Response:
        return self._answer(request, 200, rig.resource(rig.user()))

    async def event_types(self, request: Request) -> Response:
        uris = [f"{rig.ORIGIN}/event_types/{id_}" for id_ in EVENT_TYPES]
        listed = [rig.event_type(uri=uri, slug=f"slug-{number}") for number, uri in enumerate(uris)]
        return self._answer(request, 200, rig.collection(*listed))

    async def available_times(self, request: Request) -> Response:
        reading = self._read(request)
        failure = self.failure
        self.holding += 1
        for _ in takewhile(lambda _: self.held, count()):
            await asyncio.sleep(0.001)
        self.holding -= 1
        if failure is not None:
            return self._answer(request, *failure)
        times = [
            rig.available_time(start.isoformat()) | {"invitees_remaining": reading.number}
            for start in reading.starts or ()
        ]
        return self._answer(request, 200, rig.collection(*times))

    def _read(self, request: Request) -> Reading:
        asked = request.query_params
        begins, ends = (
            datetime.fromisoformat(asked[name]).astimezone(UTC) for name in ("start_time", "end_time")
        )
        reading = Reading(
            number=len(self.readings) + 1,
            event_type=asked["event_type"].rsplit("/", 1)[1],
            begins=begins,
            ends=ends,
            at=self.clock(),
            starts=None if self.failure else tuple(sorted(set(hours(begins, ends)) - self.taken)),
        )
        self.readings.append(reading)
        return reading

    def _answer(self, request: Request, status: int, body: Json) -> Response:
        text = json.dumps(body).replace(rig.ORIGIN, str(request.base_url).rstrip("/"))
        date_of = format_datetime(self.clock(), usegmt=True)
        return Response(text, status, {"Date": date_of}, media_type="application/json")


def hours(begins: datetime, ends: datetime) -> Iterable[datetime]:
    """The full ones from `begins` on, before `ends`."""
    first = midnight(begins.date())
    return (
        start
        for number in range((ends - first) // HOUR + 1)
        if begins <= (start := first + HOUR * number) < ends
    )


@contextmanager
def serving(calendly: Calendly) -> Iterator[str]:
    """Behind a real socket; gives its base URL."""
    app = Starlette(
        routes=[
            Route("/users/me", calendly.user),
            Route("/event_types", calendly.event_types),
            Route("/event_type_available_times", calendly.available_times),
        ]
    )
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        log_level="warning",
        access_log=False,
        ws="none",
        lifespan="off",
        date_header=False,  # by the clock of the test
    )
    with serve_config(config) as base_url:
        yield base_url
