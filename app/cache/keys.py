"""How cache keys are spelt; nothing else spells one.

A key names everything its value depends on and nothing about a visitor; it
never holds a token. `SCHEMA` counts up whenever a stored shape changes, so that
two versions of this service can share a Redis. All keys of one account
share a hash tag: in a Redis Cluster they live on one node.
"""

from hashlib import sha256

SCHEMA = 7


def catalogue(access: str) -> str:
    """`access` tells one origin and token from another, and gives neither away."""
    return f"bff:{SCHEMA}:catalogue:{{{access}}}"


def days(account: str) -> str:
    """What every name of the days of one account begins with."""
    return f"bff:{SCHEMA}:{{{account}}}:"


def news(account: str) -> str:
    """The channel on which replicas tell each other what has become untrue."""
    return f"bff:{SCHEMA}:news:{{{account}}}"


def told(account: str) -> str:
    """The stream of what has happened to the slots of one account."""
    return f"{days(account)}told"


def told_once(account: str, name: str) -> str:
    """That this has been told. Of what it is named after, nothing can be read from it."""
    return f"{days(account)}told-once:{sha256(name.encode()).hexdigest()[:24]}"


def happenings() -> str:
    """The channel on which replicas tell each other what has happened to the slots of any account."""
    return f"bff:{SCHEMA}:happenings"
