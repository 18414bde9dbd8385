"""What visitors ask for: distinct valid questions, and how unevenly they are asked. Pure functions."""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import accumulate, product
from urllib.parse import quote

PREFIX = "/api/v1/event-types"
WEEK = timedelta(days=6)
"""From the first to the last date of one."""

ZONES = (
    "Europe/Berlin",
    "Europe/London",
    "Europe/Lisbon",
    "Europe/Athens",
    "Europe/Moscow",
    "Europe/Paris",
    "Europe/Madrid",
    "Europe/Rome",
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Anchorage",
    "America/Halifax",
    "America/St_Johns",
    "America/Sao_Paulo",
    "America/Bogota",
    "America/Lima",
    "America/Mexico_City",
    "America/Toronto",
    "America/Argentina/Buenos_Aires",
    "America/Caracas",
    "America/Phoenix",
    "Pacific/Honolulu",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "Pacific/Fiji",
    "Pacific/Tongatapu",
    "Pacific/Marquesas",
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Tehran",
    "Asia/Kabul",
    "Asia/Dubai",
    "Asia/Karachi",
    "Asia/Dhaka",
    "Asia/Yangon",
    "Asia/Bangkok",
    "Asia/Jakarta",
    "Asia/Singapore",
    "Asia/Shanghai",
    "Asia/Tokyo",
    "Asia/Seoul",
    "Australia/Sydney",
    "Australia/Adelaide",
    "Australia/Darwin",
    "Australia/Perth",
    "Australia/Lord_Howe",
    "Africa/Cairo",
    "Africa/Nairobi",
)
"""Whole, half and quarter hours, with and without summer time."""


@dataclass(frozen=True, slots=True)
class Question:
    """A week of one event type, as somebody in `zone` sees it."""

    event_type: str
    first: date
    zone: str

    @property
    def path(self) -> str:
        last = self.first + WEEK
        query = f"from={self.first}&to={last}&timeZone={quote(self.zone)}"
        return f"{PREFIX}/{self.event_type}/availability?{query}"


def questions(count: int, event_types: Sequence[str], first: date) -> list[Question]:
    """So many distinct ones, in weeks that begin on `first` or soon after it."""
    combinations = len(event_types) * len(ZONES)
    days = range(-(-count // combinations))
    found = (
        Question(event_type, first + timedelta(days=day), zone)
        for day, event_type, zone in product(days, event_types, ZONES)
    )
    return [question for question, _ in zip(found, range(count), strict=False)]


def zipf(keys: int, times: int, seed: int, *, exponent: float = 1.0) -> list[int]:
    """Which key is asked each of so many times: the n-th most popular, n to the `exponent` times less than the first.

    Which keys are popular does not depend on the seed.
    """
    ranked = list(range(keys))
    random.Random("popularity").shuffle(ranked)
    weights = list(accumulate(1 / rank**exponent for rank in range(1, keys + 1)))
    return random.Random(seed).choices(ranked, cum_weights=weights, k=times)
