"""The names under which deliveries are kept. All share a hash tag: in a Redis Cluster, one script reaches them all."""

PREFIX = "bff:1:{webhooks}:"
"""With the schema of the keys. After it come ids of Calendly's accounts, and hashes."""

INBOX = f"{PREFIX}inbox"
"""Stands for all of them, where a script has to be told a key."""


def look(account: str) -> str:
    """What the last look at the account's subscription found."""
    return f"{PREFIX}look:{account}"


def looking(account: str) -> str:
    """Somebody is at it."""
    return f"{PREFIX}looking:{account}"
