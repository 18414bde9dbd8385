"""The names under which grants are kept.

What one script touches shares a hash tag: in a Redis Cluster it lives on one node. No token is in a name, but for
its hash; an account's id is no secret.
"""

_GRANTS = "bff:1:{grants}:"
_CONNECTING = "bff:1:{connecting}:"

RECORDS = f"{_GRANTS}records"
"""A hash: by account, its generation, how it stands, and the sealed grant."""

CHANGES = f"{_GRANTS}changes"
"""A number that grows with every change of the records."""


def keys_of(account: str) -> list[str]:
    """The records and their changes; who renews this account's tokens, and the calls that has taken lately."""
    return [RECORDS, CHANGES, f"{_GRANTS}renewal:{account}", f"{_GRANTS}calls:{account}"]


def invitation(hashed: str) -> str:
    return f"{_CONNECTING}invitation:{hashed}"


def pending(hashed: str) -> str:
    return f"{_CONNECTING}pending:{hashed}"
