"""The names under which notices are kept. All share a hash tag: in a Redis Cluster, one script reaches them all."""

from hashlib import sha256

PREFIX = "bff:1:{relay}:"
"""With the schema of the keys. After it come digests and random names: nothing of a person, no address of a target."""

WAITING = f"{PREFIX}waiting"
"""Every delivery that is not over, by the millisecond at which its notice came in: `<target> <notice>`."""

DEAD = f"{PREFIX}dead"
"""Every dead letter, likewise, by when it died."""


def account(id_: str) -> str:
    """Nothing of the account can be guessed from it."""
    return sha256(id_.encode()).hexdigest()[:16]
