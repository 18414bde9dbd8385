"""Decides which days answer a question about free times."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, datetime
from functools import partial
from itertools import chain
from typing import TypeAlias
from zoneinfo import ZoneInfo

import structlog

from app.accounts.account import Account, Offered
from app.accounts.accounts import Accounts
from app.answers import Basis
from app.concurrency import together
from app.errors import UpstreamError
from app.features.availability.answers import FAILING_FOR, MARKED_FOR, Answer, Told, term_of
from app.features.availability.listed import listed, refuse_repeated
from app.features.availability.mapping import (
    counted_days,
    local_days,
    local_slots,
    merged_days,
    merged_event_type_from,
    utc_dates,
)
from app.features.availability.ranges import Asked, LocalRange, range_asked, search_steps
from app.features.availability.schemas import (
    Availability,
    MergedAvailability,
    NextSlots,
    Slot,
    State,
    View,
)
from app.slots.model import Day as Bucket
from app.slots.planning import ONE_DAY
from app.slots.reader import ROUNDS
from app.time_zones import zone

Searched: TypeAlias = tuple[LocalRange, list[Bucket]]
"""A step of a search, and what was read for it."""

Read: TypeAlias = tuple[Offered, list[Bucket]]
"""What an answer is made of."""

log = structlog.get_logger()


class AvailabilityService:
    """`waits_since`: since when whoever asks has waited for somebody else who asked the same (`time.monotonic()`)."""

    def __init__(
        self,
        *,
        accounts: Accounts,
        clock: Callable[[], datetime],
        waits_since: float | None = None,
    ) -> None:
        self._accounts = accounts
        self._clock = clock
        self._waits_since = waits_since

    async def get_availability(self, event_type_id: str, asked: Asked, view: View) -> Told:
        offered = await self._accounts.find(event_type_id)
        event_type, basis = offered.event_type, Basis.of([offered.account])
        shown = range_asked(asked, event_type.time_zone, self._clock())
        buckets = await self._read(offered, shown)
        now = self._clock()
        days_of = counted_days if view == "days" else local_days
        answer = Availability(
            event_type_id=event_type.id,
            time_zone=shown.zone.key,
            from_=shown.first,
            to=shown.last,
            duration_minutes=event_type.duration_minutes,
            as_of=_as_of(buckets),
            state=_state([(offered, buckets)], now),
            days=days_of(buckets, shown.dates, shown.zone, now),
        )
        return self._told(answer, [(offered, buckets)], basis, shown.zone, now)

    async def list_next_slots(self, event_type_id: str, time_zone: str | None, limit: int) -> Told:
        offered = await self._accounts.find(event_type_id)
        event_type, basis = offered.event_type, Basis.of([offered.account])
        shown_in = zone(time_zone or event_type.time_zone)
        today = self._clock().astimezone(shown_in).date()
        steps = search_steps(today, shown_in)
        found = await offered.account.buckets.coherent(lambda: self._search(offered, steps, limit))
        buckets = list(chain.from_iterable(read for _, read in found))
        now = self._clock()
        answer = NextSlots(
            event_type_id=event_type.id,
            time_zone=shown_in.key,
            duration_minutes=event_type.duration_minutes,
            as_of=_as_of(buckets),
            state=_state([(offered, buckets)], now),
            searched_until=found[-1][0].last,
            slots=_slots(found, now)[:limit],
        )
        return self._told(answer, [(offered, buckets)], basis, shown_in, now)

    async def get_merged_availability(self, event_type_ids: str, asked: Asked) -> Told:
        offered = await self._accounts.find_all(listed(event_type_ids))
        event_types = [each.event_type for each in offered]
        refuse_repeated([each.id for each in event_types])
        shown = range_asked(asked, event_types[0].time_zone, self._clock())
        reads, basis = await self._read_all(offered, shown)
        free = {each.event_type.id: buckets for each, buckets in reads}
        buckets = list(chain.from_iterable(free.values()))
        now = self._clock()
        answer = MergedAvailability(
            event_types=[merged_event_type_from(each) for each in event_types],
            time_zone=shown.zone.key,
            from_=shown.first,
            to=shown.last,
            as_of=_as_of(buckets),
            state=_state(reads, now),
            days=merged_days(free, shown.dates, shown.zone, now),
        )
        return self._told(answer, reads, basis, shown.zone, now)

    async def _read_all(self, offered: Sequence[Offered], shown: LocalRange) -> tuple[list[Read], Basis]:
        """Of all accounts as one reading: repeated where one became untrue while another was waited for."""
        for _ in range(ROUNDS):
            basis = Basis.of([each.account for each in offered])
            reads = await self._read_each(offered, shown)
            if basis.holds:
                break
        return reads, basis

    async def _read_each(self, offered: Sequence[Offered], shown: LocalRange) -> list[Read]:
        """Those of one account as one reading: what becomes untrue, does so for all of them."""
        of_accounts: dict[Account, list[Offered]] = {}
        for each in offered:
            of_accounts.setdefault(each.account, []).append(each)

        async def read(account: Account) -> list[Read]:
            mine = of_accounts[account]
            found = await account.buckets.coherent(
                lambda: together(*(self._read(each, shown) for each in mine))
            )
            return list(zip(mine, found, strict=True))

        return list(chain.from_iterable(await together(*(read(account) for account in of_accounts))))

    async def _search(self, offered: Offered, steps: Iterable[LocalRange], limit: int) -> list[Searched]:
        """Until there are as many slots as asked for, or Calendly fails.

        Raises `UpstreamError` where there is nothing yet to show.
        """
        found: list[Searched] = []
        for step in steps:
            try:
                found.append((step, await self._read(offered, step)))
            except UpstreamError as error:
                if not _slots(found, self._clock()):
                    raise
                log.warning("slots.search_cut_short", error=error.code)
                break
            if len(_slots(found, self._clock())) >= limit:
                break
        return found

    async def _read(self, offered: Offered, shown: LocalRange) -> list[Bucket]:
        """Raises `UpstreamError`, which names Calendly's own page of the event type."""
        account, event_type = offered.account, offered.event_type
        wanted = utc_dates(shown.first, shown.last, shown.zone)
        account.popularity.note(event_type, wanted, self._clock())
        try:
            return await account.buckets.read(event_type, wanted, waits_since=self._waits_since)
        except UpstreamError as failure:
            failure.hosted_url = event_type.hosted_url
            raise

    def _told(
        self, answer: Answer, reads: Collection[Read], basis: Basis, shown_in: ZoneInfo, now: datetime
    ) -> Told:
        buckets = list(chain.from_iterable(read for _, read in reads))
        accounts = basis.accounts
        turns = accounts[0].buckets.lives.turns(_as_of(buckets), now)
        known_until = min(account.catalogue.fresh_until for account in accounts)
        is_marked = answer.state == "stale" or known_until < now
        is_failing = any(account.buckets.is_failing for account in accounts)
        turns.append(now + (FAILING_FOR if is_failing else MARKED_FOR) if is_marked else known_until)
        term = term_of(buckets, turns, shown_in, now)
        if not is_marked:
            return Told(answer, term, basis)
        # Of the days no more than their dates: their slots would be kept for as long as the answer.
        spans = [(offered, read[0].date, read[-1].date) for offered, read in reads]
        return Told(answer, term, basis, partial(_look_again, spans))


def _look_again(spans: Iterable[tuple[Offered, date, date]]) -> bool:
    is_old = False
    for offered, first, last in spans:
        days = [first + ONE_DAY * number for number in range((last - first).days + 1)]
        is_old |= offered.account.buckets.look_again(offered.event_type, days)
    return is_old


def _state(reads: Iterable[Read], now: datetime) -> State:
    fresh = all(offered.account.buckets.is_fresh(bucket, now) for offered, read in reads for bucket in read)
    return "fresh" if fresh else "stale"


def _as_of(buckets: Iterable[Bucket]) -> datetime:
    return min(bucket.as_of for bucket in buckets)


def _slots(searched: Iterable[Searched], now: datetime) -> list[Slot]:
    return [slot for step, read in searched for slot in local_slots(read, step.dates, step.zone, now)]
