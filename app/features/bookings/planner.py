"""Decides whether a booking may be sent: the event type, its form, and the slot. Spends no booking quota."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import structlog

from app.catalogue.catalogue import Catalogue
from app.catalogue.model import EventType
from app.errors import (
    Alternative,
    AppError,
    BookingsClosedError,
    FormChangedError,
    SlotTakenError,
    UpstreamError,
    UseHostedPageError,
)
from app.features.bookings.mapping import Plan, alternatives_from
from app.form.check import check
from app.form.submission import Submission
from app.slots.buckets import DayBuckets
from app.slots.model import Slot
from app.slots.planning import HORIZON, MAX_WINDOW, ONE_DAY, Window, dates, nearest
from app.time_zones import zone

ALTERNATIVES = 6

LOOK_BACK = timedelta(days=7)
"""How much of the window in which alternatives are sought lies before the slot that was wanted."""

log = structlog.get_logger()


class BookingPlanner:
    def __init__(self, *, catalogue: Catalogue, buckets: DayBuckets, clock: Callable[[], datetime]) -> None:
        self._catalogue = catalogue
        self._buckets = buckets
        self._clock = clock

    async def planned(self, submission: Submission) -> Plan:
        """Raise the problem that booking this would give."""
        event_type = await self._event_type_for(submission)
        if not event_type.bookable:
            raise UseHostedPageError(hosted_url=event_type.hosted_url)
        accepted = check(event_type.form, submission)
        with hosted_page_named(event_type):
            slot = await self._offered(event_type, submission)
        return Plan(event_type=event_type, accepted=accepted, slot=slot, zone=zone(submission.time_zone))

    async def reason_refused(self, plan: Plan, submission: Submission) -> AppError | None:
        """Why Calendly may have refused what we found valid, from what it says now; None where nothing has changed."""
        try:
            event_type = await self._catalogue.find_now(plan.event_type.id)
            if event_type.form.version != plan.event_type.form.version:
                return FormChangedError(form_version=event_type.form.version)
            await self._offered_now(event_type, submission)
        except UpstreamError:
            return None
        except AppError as reason:
            return reason
        return None

    async def hosted_page(self, submission: Submission) -> str:
        return (await self._catalogue.find(submission.event_type_id)).hosted_url

    async def forget(self, plan: Plan) -> None:
        """A booking took time from the host: no event type's slots around it are known any longer.

        The days beside it are touched too: a longer event type, or one with
        buffers, that starts before midnight (UTC) may have run into it.
        """
        first, last = plan.slot.start.date() - ONE_DAY, plan.end.date() + ONE_DAY
        await self._buckets.forget(self._catalogue.known(), dates((first, last)))

    async def alternatives(self, event_type: EventType, submission: Submission) -> list[Alternative]:
        """Slots that are free now, nearest first; none where Calendly does not say."""
        try:
            slots = await self._read_now(event_type, submission)
        except UpstreamError as error:
            log.warning("bookings.alternatives_unknown", error=error.code)
            return []
        return self._nearest(slots, submission)

    async def _event_type_for(self, submission: Submission) -> EventType:
        """Read again where the visitor saw another form than we know: theirs may be the newer one."""
        event_type = await self._catalogue.find(submission.event_type_id)
        if submission.form_version in {None, event_type.form.version}:
            return event_type
        return await self._catalogue.find_recent(submission.event_type_id)

    async def _offered(self, event_type: EventType, submission: Submission) -> Slot:
        start = submission.start.astimezone(UTC)
        if self._is_within_reach(start):
            known = await self._buckets.read(event_type, [start.date()])
            for slot in known[0].slots:
                if slot.start == start:
                    return slot
        return await self._offered_now(event_type, submission)

    def _is_within_reach(self, start: datetime) -> bool:
        return self._clock() < start <= self._clock() + HORIZON

    async def _offered_now(self, event_type: EventType, submission: Submission) -> Slot:
        slots = await self._read_now(event_type, submission)
        for slot in slots:
            if slot.start == submission.start:
                return slot
        raise SlotTakenError(alternatives=self._nearest(slots, submission))

    async def _read_now(self, event_type: EventType, submission: Submission) -> list[Slot]:
        days = await self._buckets.reread(event_type, self._window(submission.start.astimezone(UTC)))
        now = self._clock()
        return [slot for day in days for slot in day.slots if slot.start > now]

    def _window(self, start: datetime) -> Window:
        """Around the slot that was wanted; from today on where that is over, or further away than anybody may ask."""
        centre = start if self._is_within_reach(start) else self._clock()
        first = max((centre - LOOK_BACK).date(), self._clock().date())
        return first, first + ONE_DAY * (MAX_WINDOW - 1)

    def _nearest(self, slots: list[Slot], submission: Submission) -> list[Alternative]:
        # Calendly has been seen to offer a slot that it then refuses: that one is no alternative.
        others = [slot for slot in slots if slot.start != submission.start]
        closest = nearest(others, submission.start, ALTERNATIVES)
        return alternatives_from(closest, zone(submission.time_zone))


@contextmanager
def hosted_page_named(event_type: EventType) -> Iterator[None]:
    """Where we fail, Calendly's own page may not: the problem names it."""
    try:
        yield
    except (UpstreamError, BookingsClosedError) as failure:
        failure.hosted_url = event_type.hosted_url
        raise
