"""How far the clocks of those who share a cache may differ."""

from datetime import datetime, timedelta

AHEAD = timedelta(minutes=1)
"""By which the clock of whoever read something may be ahead of ours. Beyond it, nobody knows how old it is: one of the
two is wrong, or was set back since.
"""


def latest(now: datetime) -> datetime:
    """When something may have been read at the latest that can be believed."""
    return now + AHEAD
