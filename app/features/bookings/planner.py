"""Decides whether a booking may be sent: the event type, its form, and the slot. Spends no booking quota."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import structlog

from app.catalogue.catalogue import Catalogue
from app.catalogue.model import EventType
from app.errors import (
    Alternative,
    AppError,
    FormChangedError,
    SlotTakenError,
    UpstreamError,
    UseHostedPageError,
)
from app.features.bookings.mapping import Plan, Seat, alternatives_from
from app.form.check import Accepted, check
from app.form.submission import Submission
from app.slots.buckets import DayBuckets
from app.slots.model import Day, Slot
from app.slots.planning import HORIZON, MAX_WINDOW, ONE_DAY, Window, nearest
from app.time_zones import zone

ALTERNATIVES = 6

LOOK_BACK = timedelta(days=7)
"""How much of the window in which alternatives are sought lies before the slot that was wanted."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Wish:
    """The time that somebody wants."""

    start: datetime
    zone: ZoneInfo


@dataclass(frozen=True, slots=True)
class Checked:
    """What was sent keeps every rule of this event type's form."""

    event_type: EventType
    accepted: Accepted


class BookingPlanner:
    def __init__(self, *, catalogue: Catalogue, buckets: DayBuckets, clock: Callable[[], datetime]) -> None:
        self._catalogue = catalogue
        self._buckets = buckets
        self._clock = clock

    async def checked(self, submission: Submission) -> Checked:
        """Raise what is wrong with it, whatever the time."""
        event_type = await self._event_type_for(submission)
        if not event_type.bookable:
            raise UseHostedPageError(hosted_url=event_type.hosted_url)
        return Checked(event_type, check(event_type.form, submission))

    async def planned(self, checked: Checked, submission: Submission) -> Plan:
        """Raises `SlotTakenError`, with alternatives, where the slot is not free."""
        return Plan(await self.offered(checked.event_type, wish_of(submission)), checked.accepted)

    async def offered(self, event_type: EventType, wish: Wish) -> Seat:
        """Raises `SlotTakenError`, with alternatives, where the slot is not free."""
        with hosted_page_named(event_type.hosted_url):
            start = wish.start.astimezone(UTC)
            if self._is_within_reach(start):
                (day,) = await self._buckets.read(event_type, [start.date()])
                for slot in day.slots:
                    if slot.start == start:
                        return _seat(event_type, slot, day, wish)
            return await self._offered_now(event_type, wish)

    async def reason_refused(self, seat: Seat) -> AppError | None:
        """Why Calendly may have refused what we found valid, from what it says now; None where nothing has changed."""
        try:
            event_type = await self._catalogue.find_now(seat.event_type.id)
            if event_type.form.version != seat.event_type.form.version:
                return FormChangedError(form_version=event_type.form.version)
            await self._offered_now(event_type, Wish(seat.slot.start, seat.zone))
        except UpstreamError:
            return None
        except AppError as reason:
            return reason
        return None

    async def hosted_page(self, event_type_id: str) -> str:
        return (await self._catalogue.find(event_type_id)).hosted_url

    async def alternatives(self, seat: Seat) -> list[Alternative]:
        """Slots that are free now, nearest first; none where Calendly does not say."""
        wish = Wish(seat.slot.start, seat.zone)
        try:
            days = await self._read_now(seat.event_type, wish)
        except UpstreamError as error:
            log.warning("bookings.alternatives_unknown", error=error.code)
            return []
        return self._nearest(days, wish)

    async def _event_type_for(self, submission: Submission) -> EventType:
        """Read again where the visitor saw another form than we know: theirs may be the newer one."""
        event_type = await self._catalogue.find(submission.event_type_id)
        if submission.form_version in {None, event_type.form.version}:
            return event_type
        return await self._catalogue.find_recent(submission.event_type_id)

    def _is_within_reach(self, start: datetime) -> bool:
        return self._clock() < start <= self._clock() + HORIZON

    async def _offered_now(self, event_type: EventType, wish: Wish) -> Seat:
        days = await self._read_now(event_type, wish)
        for day in days:
            for slot in day.slots:
                if slot.start == wish.start and slot.start > self._clock():
                    return _seat(event_type, slot, day, wish)
        raise SlotTakenError(alternatives=self._nearest(days, wish))

    async def _read_now(self, event_type: EventType, wish: Wish) -> list[Day]:
        return await self._buckets.reread(event_type, self._window(wish.start.astimezone(UTC)))

    def _window(self, start: datetime) -> Window:
        """Around the slot that was wanted; from today on where that is over, or further away than anybody may ask."""
        centre = start if self._is_within_reach(start) else self._clock()
        first = max((centre - LOOK_BACK).date(), self._clock().date())
        return first, first + ONE_DAY * (MAX_WINDOW - 1)

    def _nearest(self, days: list[Day], wish: Wish) -> list[Alternative]:
        # Calendly has been seen to offer a slot that it then refuses: that one is no alternative.
        now = self._clock()
        others = [slot for day in days for slot in day.slots if now < slot.start != wish.start]
        return alternatives_from(nearest(others, wish.start, ALTERNATIVES), wish.zone)


def wish_of(submission: Submission) -> Wish:
    return Wish(submission.start, zone(submission.time_zone))


def _seat(event_type: EventType, slot: Slot, day: Day, wish: Wish) -> Seat:
    return Seat(event_type=event_type, slot=slot, as_of=day.as_of, zone=wish.zone)


@contextmanager
def hosted_page_named(hosted_url: str) -> Iterator[None]:
    """Where we cannot book, Calendly's own page may: the problem names it."""
    try:
        yield
    except AppError as failure:
        failure.hosted_url = failure.hosted_url or hosted_url
        raise
