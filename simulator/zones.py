"""Which time zones there are."""

from functools import cache
from zoneinfo import available_timezones


@cache
def timezones() -> frozenset[str]:
    """Every IANA name this machine knows. Reading them walks the disk: once is enough."""
    return frozenset(available_timezones())
