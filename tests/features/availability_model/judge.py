"""What two replicas may answer, by what Calendly has been asked and by what has happened since."""

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import httpx

from app.cache.leases import LEASE
from app.resources import Resources
from app.slots.buckets import COOL, DayBuckets
from tests.features.availability_model.evidence import Place, Question, Range, is_over, proven, seen_in
from tests.features.availability_model.readings import Calendly, Reading
from tests.support.service import Json, Service

NOW, FRESH, AGED, OLD = timedelta(), timedelta(seconds=30), timedelta(minutes=10), timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Replica:
    bff: Service

    @property
    def resources(self) -> Resources:
        found: Resources = self.bff.app.state.resources
        return found

    @property
    def buckets(self) -> DayBuckets:
        return self.bff.account.buckets

    @property
    def hears(self) -> bool:
        """What becomes untrue elsewhere."""
        return not self.resources.answers.is_to_be_asked()

    @property
    def reads(self) -> bool:
        return bool(self.buckets._knowledge.loads._running)

    @property
    def calls(self) -> int:
        """To Calendly, that are under way."""
        return len(self.buckets._reader._client.transport._reads._running)

    @property
    def failures(self) -> set[str]:
        """Of Redis, by name."""
        counted = self.resources.metrics.registry.restricted_registry(["bff_cache_failures_total"])
        return {sample.labels["error"] for metric in counted.collect() for sample in metric.samples}


@dataclass(frozen=True, slots=True)
class Told:
    """`true_from`, `timed_from`: what had been forgotten when it was answered, as the judge knows it."""

    question: Question
    range: Range
    answer: httpx.Response
    true_from: dict[date, int]
    timed_from: int

    @property
    def places(self) -> list[Place]:
        return self.question.places(self.range)


@dataclass
class Judge:
    """`true_from`: by date, how many readings had begun before it was last forgotten. `timed_from`: the same before
    the clock was last set back.

    `shelf`: when each day that Redis must have was read, at the latest.
    """

    calendly: Calendly
    replicas: list[Replica] = field(default_factory=list)
    true_from: dict[date, int] = field(default_factory=dict)
    timed_from: int = 0
    shelf: dict[Place, datetime] = field(default_factory=dict)
    _reckoned: int = 0
    _failed_at: float = float("-inf")
    _is_out: bool = False

    @property
    def now(self) -> datetime:
        return self.calendly.clock()

    def is_out(self) -> bool:
        """This machine stood still for so long that Redis was taken to be away: nothing follows any more.

        Fails where Redis refused anything.
        """
        failures = {name for replica in self.replicas for name in replica.failures}
        assert failures <= {"TimeoutError", "ConnectionError"}
        self._is_out = self._is_out or bool(failures)
        return self._is_out

    def forgotten(self, days: Collection[date], *, readings: int) -> None:
        self.shelf = {place: at for place, at in self.shelf.items() if place[1] not in days}
        self.true_from = self.true_from | dict.fromkeys(days, readings)

    def set_back(self) -> None:
        """The clock, by so much that nobody knows any more how old anything is."""
        self.shelf.clear()
        self.timed_from = len(self.calendly.readings)
        self.look_at_the_clock()

    def look_at_the_clock(self) -> None:
        """As each process does all the time: here it moves by hours in no time."""
        for each in self.replicas:
            each.resources.clock()

    def aged_in(self, told: Told) -> list[Place]:
        """The days of an answer that have to be renewed by now. Fails where it may not be given."""
        if self.is_out():
            return []
        if told.answer.status_code != 200:
            assert told.answer.json()["code"] in {"upstream_failed", "upstream_refused_us"}
            assert self.calendly.failure
            assert not self._is_servable(told.places)
            return []
        said = told.answer.json()
        shown = seen_in(said)
        assert [day["date"] for day in said["days"]] == list(map(str, told.range.dates))
        assert [each.start for each in shown] == sorted(each.start for each in shown)
        read = {
            place: proven(place, shown, self._readings_of(place[1], told), told.range, self.now)
            for place in told.places
        }
        self._require_age(said, [each for place, each in read.items() if not is_over(place[1], self.now)])
        return [place for place, each in read.items() if each and self.now - each.at > FRESH]

    def require_renewed(self, aged: Collection[Place]) -> None:
        """Unless Calendly has failed lately."""
        read = {
            (each.event_type, day)
            for each in self.calendly.readings
            for day in each.days
            if each.starts is not None and each.at == self.now
        }
        assert read.issuperset(aged) or self.is_out() or time.monotonic() - self._failed_at < 10 * COOL

    def reckon(self, began: float, spared: Collection[date] = ()) -> None:
        """What Calendly was asked was worth asking: neither end of a call was in the first half of its life.

        `spared`: days that became untrue when somebody was just about to ask for them.
        """
        is_quick = not self.is_out() and time.monotonic() - began < LEASE.total_seconds() / 2
        for reading in self.calendly.readings[self._reckoned :]:
            wasted = [
                day
                for day in reading.ends_on.difference(spared)
                if self._is_new((reading.event_type, day), reading.at)
            ]
            assert not (is_quick and wasted), f"{reading.event_type}: {wasted} were new"
            self._shelve(reading)
        self._reckoned = len(self.calendly.readings)

    def _require_age(self, said: Json, read: Sequence[Reading | None]) -> None:
        as_of = datetime.fromisoformat(said["asOf"])
        oldest = min((reading.at for reading in read if reading), default=self.now)
        assert as_of <= oldest
        assert as_of == oldest or None in read
        assert said["state"] == ("fresh" if self.now - as_of <= FRESH else "stale")
        assert NOW <= self.now - as_of <= self._oldest_servable

    @property
    def _oldest_servable(self) -> timedelta:
        return OLD if self.calendly.failure else AGED

    def _readings_of(self, day: date, told: Told) -> list[Reading]:
        """Of which it may be made."""
        return [
            reading
            for reading in self.calendly.readings[max(told.timed_from, told.true_from.get(day, 0)) :]
            if reading.starts is not None and NOW <= self.now - reading.at <= self._oldest_servable
        ]

    def _is_servable(self, places: Collection[Place]) -> bool:
        """Although Calendly fails."""
        return all(
            is_over(place[1], self.now)
            or (place in self.shelf and NOW <= self.now - self.shelf[place] <= OLD)
            for place in places
        )

    def _is_new(self, place: Place, now: datetime) -> bool:
        return place in self.shelf and NOW <= now - self.shelf[place] <= FRESH / 2

    def _shelve(self, reading: Reading) -> None:
        if reading.starts is None:
            self._failed_at = time.monotonic()
            return
        # What is between its ends may have come for nothing, and is kept by nobody.
        self.shelf |= {(reading.event_type, day): reading.at for day in reading.ends_on}
