"""How cache keys are spelt; nothing else spells one.

A key names everything its value depends on and nothing about a visitor; it
never holds a token. `SCHEMA` counts up whenever a stored shape changes, so that
two versions of this service can share a Redis. All keys of one account
share a hash tag: in a Redis Cluster they live on one node.
"""

SCHEMA = 4


def catalogue(access: str) -> str:
    """`access` tells one origin and token from another, and gives neither away."""
    return f"bff:{SCHEMA}:catalogue:{{{access}}}"


def days(account: str) -> str:
    """What every name of the days of one account begins with."""
    return f"bff:{SCHEMA}:{{{account}}}:"


def news(account: str) -> str:
    """The channel on which replicas tell each other what has become untrue."""
    return f"bff:{SCHEMA}:news:{{{account}}}"
