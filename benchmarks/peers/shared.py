"""What the peers in Python have in common: how their entries are named in Redis."""

from datetime import date


def plain_key(event_type: str, first: date, last: date, zone: str) -> str:
    return f"plain:{event_type}:{first}:{last}:{zone}"
