"""How cache keys are spelt; nothing else spells one.

A key names everything its value depends on and nothing about a visitor; it
never holds a token. `SCHEMA` counts up whenever a stored shape changes, so that
two versions of this service can share a Redis. All keys of one event type
share a hash tag: in a Redis Cluster they live on one node.
"""

from datetime import date

SCHEMA = 2


def catalogue(access: str) -> str:
    """`access` tells one origin and token from another, and gives neither away."""
    return f"bff:{SCHEMA}:catalogue:{{{access}}}"


def day_bucket(event_type_id: str, day: date) -> str:
    return f"bff:{SCHEMA}:slots:{{{event_type_id}}}:{day.isoformat()}"
