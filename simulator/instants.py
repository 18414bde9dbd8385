"""How moments are spelt."""

from datetime import UTC, datetime


def instant(moment: datetime) -> str:
    """UTC with six decimals, as all of Calendly's answers have it."""
    return iso(moment, "microseconds")


def iso(moment: datetime, precision: str) -> str:
    # A month has hundreds of slots: this is several times faster than strftime.
    return moment.astimezone(UTC).isoformat(timespec=precision)[: -len("+00:00")] + "Z"
