"""The range of local dates that a request asks for, and those that a search goes through. Pure functions."""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator
from pydantic_core import PydanticCustomError

from app.errors import Fault, InvalidRequestError
from app.slots.planning import HORIZON, MAX_DAYS, dates
from app.time_zones import zone

DEFAULT_DAYS = 30
"""Days after the first one, where `to` is not given."""

STEP_DAYS = 30
"""Local dates that a search reads at once: in no zone do they touch more UTC dates than one call may span."""

STEPS = 3
"""Of a search that finds nothing: 90 days, three calls."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def _written_out(value: object) -> object:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise PydanticCustomError("date_invalid", "This is not a date.")
    return value


LocalDate = Annotated[date, BeforeValidator(_written_out)]
"""`YYYY-MM-DD` and nothing else: pydantic alone would take a number of seconds for a date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a request says of its range; None where it leaves that to us."""

    first: date | None
    last: date | None
    time_zone: str | None


@dataclass(frozen=True, slots=True)
class LocalRange:
    """Both ends included."""

    first: date
    last: date
    zone: ZoneInfo

    @property
    def dates(self) -> list[date]:
        return dates((self.first, self.last))


def range_asked(asked: Asked, default_zone: str, now: datetime) -> LocalRange:
    """Raises as `dates_asked` does."""
    shown_in = zone(asked.time_zone or default_zone)
    return LocalRange(*dates_asked(asked.first, asked.last, shown_in, now), shown_in)


def search_steps(first: date, shown_in: ZoneInfo) -> list[LocalRange]:
    """One after the other, for a search that begins with `first`."""
    begins = [first + timedelta(days=STEP_DAYS * number) for number in range(STEPS)]
    return [LocalRange(day, day + timedelta(days=STEP_DAYS - 1), shown_in) for day in begins]


def dates_asked(
    first: date | None, last: date | None, shown_in: ZoneInfo, now: datetime
) -> tuple[date, date]:
    """Both ends, included.

    A range may begin in the past, as a calendar page does: those dates have no slots left.
    Raises `InvalidRequestError` for one that is over, upside down, too long or too far away.
    """
    today = now.astimezone(shown_in).date()
    begins = first or (min(today, last) if last else today)
    ends = last or _after(begins, DEFAULT_DAYS)
    fault = _fault(begins, ends, today)
    if fault is not None:
        raise InvalidRequestError(faults=[fault])
    return begins, ends


def _after(day: date, days: int) -> date:
    return day + timedelta(days=min(days, (date.max - day).days))


def _fault(begins: date, ends: date, today: date) -> Fault | None:
    if ends < begins:
        return Fault("/query/to", "before_from", "The range must not end before it begins.")
    if ends < today:
        return Fault("/query/to", "in_the_past", "The range is over.")
    if (ends - begins).days >= MAX_DAYS:
        return Fault("/query/to", "too_long", f"A range has at most {MAX_DAYS} days.")
    if begins - today > HORIZON:
        return Fault("/query/from", "too_far", f"A range begins at most {HORIZON.days} days ahead.")
    return None
