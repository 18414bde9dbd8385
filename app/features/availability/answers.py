"""Answers as bytes: how long they hold, and how whoever asked gets them."""

from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import TypeAlias
from zoneinfo import ZoneInfo

import msgspec
from fastapi import Request, Response
from starlette.datastructures import Headers

from app.answers import Basis, SharedAnswers
from app.cache.clocks import AHEAD
from app.features.availability.schemas import Availability, MergedAvailability, NextSlots
from app.negotiation import Encodings, is_unchanged
from app.ready import Ready, Term, header_list, place_of
from app.slots.model import Day
from app.slots.planning import ONE_DAY

MARKED_FOR = timedelta(seconds=1)
"""For which an answer that is marked holds: by then it may have been renewed."""

FAILING_FOR = timedelta(minutes=2)
"""The same while Calendly does not answer: to make the same again is in vain. Whoever is given it has it looked
whether Calendly is back, and then none of these is sent any more.
"""

BROWSERS_MAY_KEEP = timedelta(seconds=5)
"""Without asking again; for as long may somebody see a time that was booked meanwhile."""

Answer: TypeAlias = Availability | NextSlots | MergedAvailability

_encodings = Encodings()


@dataclass(frozen=True, slots=True)
class Told:
    """`term`: when the same question has this answer. `basis`: what it is made of. `look_again`: begins to read
    again what is old of it, where it is marked, and says whether anything is.
    """

    answer: Answer
    term: Term
    basis: Basis
    look_again: Callable[[], bool] | None = None


class Answering:
    """Of one request. What was answered is ready for who asks the same."""

    def __init__(self, request: Request, *, answers: SharedAnswers, stale_if_error: timedelta) -> None:
        self._request = request
        self._answers = answers
        self._turn = answers.turn
        self._stale_if_error = stale_if_error

    async def give(self, making: Awaitable[Told]) -> Response:
        told = await making
        fresh = told.answer.state == "fresh"
        ready = Ready.of(
            msgspec.json.encode(told.answer),
            term=told.term,
            is_marked=not fresh,
            cache_control=cache_control(
                fresh=fresh, left=self._stale_if_error - (told.term.ends - told.answer.as_of)
            ),
            route=self._request.scope["route"].path,
        )
        ready.look_again = told.look_again
        self._answers.keep(place_of(self._request.scope), ready, told.basis, self._turn)
        return _response_to(self._request, ready)


def term_of(days: Collection[Day], turns: Collection[datetime], zone: ZoneInfo, now: datetime) -> Term:
    """Until a part has another age, a slot is past, or a day is over.

    `turns`: when a part has another age, or may have.
    """
    starts = (slot.start for day in days for slot in day.slots if slot.start > now)
    return Term(now - AHEAD, min([*turns, _midnight(zone, now), *_first(starts)]))


def cache_control(*, fresh: bool, left: timedelta) -> str:
    """For browsers and shared caches (RFC 9111, RFC 5861). `left`: for as long may be shown, while we fail, what was
    sent last of all.
    """
    age = BROWSERS_MAY_KEEP if fresh else MARKED_FOR
    # It is counted from when the answer is no longer fresh to whoever was sent it.
    stale_if_error = max(left - age, timedelta(0))
    seconds = [int(each.total_seconds()) for each in (age, 5 * age, stale_if_error)]
    return "public, max-age={}, stale-while-revalidate={}, stale-if-error={}".format(*seconds)


def _response_to(request: Request, ready: Ready) -> Response:
    """The answer, or that it is unchanged, in the smallest encoding that whoever asks can read."""
    form = ready.form(_encodings.best(_sent(request.headers, "accept-encoding")))
    unchanged = is_unchanged(_sent(request.headers, "if-none-match"), form.etag)
    response = Response(b"" if unchanged else form.body, status_code=304 if unchanged else 200)
    lines = form.unchanged if unchanged else form.headers
    response.raw_headers = [*header_list(lines), (b"vary", b"Accept-Encoding")]
    return response


def _sent(headers: Headers, name: str) -> bytes | None:
    """All lines of a list are one (RFC 9110, 5.3)."""
    lines = headers.getlist(name)
    return ", ".join(lines).encode("latin-1") if lines else None


def _midnight(zone: ZoneInfo, now: datetime) -> datetime:
    tomorrow = now.astimezone(zone).date() + ONE_DAY
    return datetime.combine(tomorrow, time.min, zone).astimezone(UTC)


def _first(starts: Iterable[datetime]) -> list[datetime]:
    first = min(starts, default=None)
    return [] if first is None else [first]
