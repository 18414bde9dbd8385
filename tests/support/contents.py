"""All that a Redis holds, whatever its type, as text to search."""

from collections.abc import Mapping
from typing import Any

from redis import Redis
from redis.asyncio import Redis as AsyncRedis

_READ: Mapping[bytes, tuple[str, tuple[str | int, ...]]] = {
    b"string": ("GET", ()),
    b"hash": ("HGETALL", ()),
    b"zset": ("ZRANGE", (0, -1, "WITHSCORES")),
    b"set": ("SMEMBERS", ()),
    b"list": ("LRANGE", (0, -1)),
    b"stream": ("XRANGE", ("-", "+")),
}
"""By type, as `TYPE` names it: what reads all of it. A type that is not here fails the search."""


def contents(store: Redis) -> dict[str, str]:
    """By name. What has gone since it was listed is left out."""
    ask: Any = store.execute_command
    found = {}
    for name in ask("KEYS", "*"):
        kind = ask("TYPE", name)
        if kind != b"none":
            command, options = _READ[kind]
            found[_text(name)] = _text(ask(command, name, *options))
    return found


async def contents_of(store: AsyncRedis) -> dict[str, str]:
    """As `contents`."""
    ask: Any = store.execute_command
    found = {}
    for name in await store.keys():
        kind = await ask("TYPE", name)
        if kind != b"none":
            command, options = _READ[kind]
            found[_text(name)] = _text(await ask(command, name, *options))
    return found


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else repr(value)
