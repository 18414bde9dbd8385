"""The names under which intents are kept. All share a hash tag: in a Redis Cluster, one script reaches them all."""

PREFIX = "bff:1:{bookings}:"
"""With the schema of the keys. The names after it are hashes or random: nothing of a person, no token."""

DUE = f"{PREFIX}due"
"""Every intent that is not final, by the millisecond from which somebody else may take it up."""


NAMING = f"{PREFIX}naming"
"""The key that the hashed names are made with, sealed."""


def intent(id_: str) -> str:
    return f"{PREFIX}intent:{id_}"


def key(hashed: str) -> str:
    return f"{PREFIX}key:{hashed}"
