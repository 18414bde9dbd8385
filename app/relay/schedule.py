"""When a notice that was not taken is sent again. Pure functions."""

import re
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

WAITS = (
    timedelta(seconds=5),
    timedelta(seconds=30),
    timedelta(minutes=2),
    timedelta(minutes=10),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=6),
    timedelta(hours=12),
    timedelta(hours=24),
)
"""After each failed attempt; after one more it is a dead letter."""

SPREAD = 0.2
"""Part of a wait that it may be longer: what failed together does not come back together."""

LONGEST_ASKED = timedelta(hours=1)
"""That a receiver may have us wait."""

NONE = timedelta(0)


def next_wait(attempts: int, asked: timedelta, chance: float) -> timedelta | None:
    """After so many attempts, from 1; None where it was the last. `asked`: by the receiver; `chance`: from 0 to 1."""
    if attempts > len(WAITS):
        return None
    return max(WAITS[attempts - 1] * (1 + SPREAD * chance), min(asked, LONGEST_ASKED))


def asked_wait(text: str, now: datetime) -> timedelta:
    """What a `Retry-After` asks for, seconds or an HTTP date; none where it makes no sense."""
    if re.fullmatch(r"[0-9]{1,9}", text):
        return timedelta(seconds=int(text))
    try:
        return max(parsedate_to_datetime(text) - now, NONE)
    except (ValueError, TypeError, IndexError, OverflowError):
        return NONE
