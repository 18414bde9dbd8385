"""A Redis Cluster, with the manners of a single Redis."""

from asyncio import Semaphore, timeout
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from typing import Any, TypeAlias

from redis.asyncio import ConnectionPool, Redis, RedisCluster
from redis.asyncio.client import Pipeline
from redis.asyncio.cluster import ClusterNode
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ClusterDownError, RedisClusterException
from redis.exceptions import ConnectionError as NodeAwayError
from redis.exceptions import TimeoutError as TooLateError

from app.store_url import StoreAddress

MAX_CONNECTIONS = 50
"""Commands at a time, and as many connections to a node."""

SPARE = 2
"""Times as many connections may be open: one that is being closed still counts."""

Word: TypeAlias = Any
"""Whatever a command and its reply are made of."""

Ask: TypeAlias = Callable[..., Awaitable[Word]]
"""Sends one command, given as words, to one server."""

_Command: TypeAlias = tuple[tuple[Word, ...], Mapping[str, Word]]
"""Its words, and what the library notes beside them."""

_NODE_AWAY = (NodeAwayError, TooLateError, ClusterDownError)


class ClusteredRedis(Redis):
    """Sends every command to the node that holds its keys, and follows slots that moved.

    Nothing that failed is repeated, for a step that timed out may have been
    done; but after a failure the cluster is asked anew who holds what. What
    the library lacks is added: a crowd waits its turn, twice the patience is
    the end of all attempts together, and every error is a `RedisError`.
    """

    def __init__(self, address: StoreAddress, patience: float) -> None:
        self._cluster = RedisCluster(
            startup_nodes=[ClusterNode(*server) for server in address.servers],
            # Names outlive addresses: a cluster that was moved is found again by those it was given under.
            dynamic_startup_nodes=False,
            username=address.user,
            password=address.password,
            ssl=address.tls,
            socket_timeout=patience,
            socket_connect_timeout=patience,
            retry=Retry(NoBackoff(), 0),
            # Else every fifth slot found moved cuts all connections, whatever is under way on them.
            reinitialize_steps=0,
            max_connections=SPARE * MAX_CONNECTIONS,
        )
        super().__init__(connection_pool=_ClusterPool(self._cluster))
        self.auto_close_connection_pool = True
        self._bound = 2 * patience
        self._turns = Semaphore(MAX_CONNECTIONS)

    async def execute_command(self, *words: Word, **options: Word) -> Word:
        async with self._turn():
            return await self._cluster.execute_command(*words, **options)

    def pipeline(self, *_: Word, **__: Word) -> Pipeline:
        """Never a transaction: what belongs together is for a script to do."""
        return _Batch(self)

    async def execute_batch(self, commands: Sequence[_Command]) -> list[Word]:
        """One round trip to each node concerned, and one reply a command, be it an exception.

        Raises `RedisError` where a node is away: the library would keep that
        in the replies, and go on sending to where the node was.
        """
        batch = self._cluster.pipeline()
        for words, options in commands:
            batch.execute_command(*words, **options)
        async with self._turn():
            replies = await batch.execute(raise_on_error=False)
            for reply in replies:
                if isinstance(reply, _NODE_AWAY):
                    await self._cluster.nodes_manager.initialize()
                    raise reply
        return replies

    async def masters(self) -> list[Ask]:
        """One for each node that takes writes."""
        async with self._turn():
            nodes = self._cluster.get_primaries()
        return [partial(self.execute_command, target_nodes=node) for node in nodes]

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        try:
            async with timeout(self._bound), self._turns:
                # A command that comes before the library knows the cluster is sent to a node at random.
                await self._cluster.initialize()
                yield
        except TimeoutError as error:
            raise TooLateError("the cluster took too long") from error
        except RedisClusterException as error:
            raise NodeAwayError("the cluster could not be asked") from error


class _Batch(Pipeline):
    """Collects commands as any pipeline does; the cluster carries them out."""

    def __init__(self, cluster: ClusteredRedis) -> None:
        super().__init__(
            cluster.connection_pool, cluster.response_callbacks, transaction=False, shard_hint=None
        )
        self._owner = cluster

    async def execute(self, raise_on_error: int = 1) -> list[Word]:
        commands, self.command_stack = self.command_stack, []
        replies = await self._owner.execute_batch(commands)
        failures = [reply for reply in replies if isinstance(reply, Exception)]
        if failures and raise_on_error:
            raise failures[0]
        return replies


class _ClusterPool(ConnectionPool):
    """Has no connections of its own, and is closed with the client."""

    def __init__(self, cluster: RedisCluster) -> None:
        super().__init__(max_connections=1)
        self._cluster = cluster

    async def get_connection(self, *_: Word, **__: Word) -> Word:
        raise NodeAwayError("a cluster has no connection that serves all keys")

    async def aclose(self) -> None:
        nodes = self._cluster.nodes_manager
        await self._cluster.aclose()
        # After a failure the library takes itself for closed, whatever is still open.
        await nodes.aclose()
        await nodes.aclose("startup_nodes")
