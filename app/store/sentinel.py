"""A Redis that its sentinels know: whichever of the servers is the master now."""

from asyncio import timeout
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from redis.asyncio import BlockingConnectionPool, Sentinel
from redis.asyncio.retry import Retry
from redis.asyncio.sentinel import SentinelConnectionPool
from redis.backoff import NoBackoff
from redis.exceptions import TimeoutError as TooLateError

from app.store_url import StoreAddress

Untyped: TypeAlias = Any
"""What the library says nothing about."""


def master_pool(address: StoreAddress, options: dict[str, Untyped]) -> BlockingConnectionPool:
    """Asks the sentinels at each new connection; `options` are those of a blocking pool with time-outs.

    Sentinels are asked one after the other, without a password: all together
    get the patience of one, so that some of them may hang.
    """
    patience = options["socket_timeout"] / len(address.servers)
    asked: Callable[..., Sentinel] = Sentinel
    sentinels = asked(
        address.servers,
        sentinel_kwargs={
            "socket_timeout": patience,
            "socket_connect_timeout": patience,
            "retry": Retry(NoBackoff(), 0),
            "ssl": address.tls,
        },
    )
    opened: Callable[..., _MasterPool] = _MasterPool
    return opened(address.master, sentinels, ssl=address.tls, **options)


class _MasterPool(SentinelConnectionPool, BlockingConnectionPool):
    """A crowd waits its turn, as in the second; a connection takes twice the time-out at most."""

    async def get_connection(self, *_: Untyped, **__: Untyped) -> Untyped:
        connected: Callable[[], Awaitable[Untyped]] = super().get_connection
        try:
            async with timeout(2 * self.connection_kwargs["socket_timeout"]):
                return await connected()
        except TimeoutError as error:
            raise TooLateError("the sentinels or their master took too long") from error

    async def aclose(self) -> None:
        await super().aclose()
        await self.sentinel_manager.aclose()
