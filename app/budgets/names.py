"""The names under which budgets are kept. One account's share a hash tag: in a cluster, one script reaches them."""

from app.budgets.claims import Gate

SCHEMA = 1
"""Counts up when what is kept gets another meaning. New fields do not: readers leave alone what they do not know."""


def keys_of(account: str) -> list[str]:
    """What Calendly said; every call's permit; every booking's permit. Of `account` nothing can be guessed."""
    return [f"bff:{SCHEMA}:{{budget:{account}}}:{part}" for part in ("standing", "calls", "bookings")]


def log_of(gate: Gate) -> int:
    """The place among the keys, counted from one, of the log that a gate's windows are counted in."""
    return 3 if gate is Gate.BOOKINGS else 2
