"""How long Calendly asks us to wait, in whichever header and form it says so."""

import re
from datetime import datetime

from app.calendly.exchange import instant_from

DEFAULT_WAIT = 60
"""Seconds: what Calendly's own reset header usually says."""

LONGEST_WAIT = 900
LONGEST_BOOKING_WAIT = 86_400
"""Seconds: the booking quota has a window of a day."""


def asked_wait(headers: dict[str, str], now: datetime, longest: int) -> int | None:
    """Seconds that Calendly asks us to wait, from 1 to `longest`; none where it names no sensible wait."""
    for name in ("x-ratelimit-reset", "retry-after"):
        seconds = _seconds(headers.get(name, ""), now)
        if seconds is not None:
            return min(max(seconds, 1), longest)
    return None


def _seconds(text: str, now: datetime) -> int | None:
    if re.fullmatch(r"[0-9]{1,12}", text):
        return int(text)
    moment = instant_from(text)
    return None if moment is None else int((moment - now).total_seconds())
