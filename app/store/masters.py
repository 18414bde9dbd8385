"""Who of a store can be asked about itself."""

from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from redis.asyncio import Redis

Ask: TypeAlias = Callable[..., Awaitable[Any]]
"""Sends one command, given as words, to one server."""


async def masters_of(store: Redis) -> list[Ask]:
    """The servers that take writes."""
    return [store.execute_command]
