"""A Redis inside this process: nothing to install, nothing kept when the process ends."""

from fakeredis import FakeServer
from fakeredis.aioredis import FakeRedis
from redis.asyncio import Redis


def embedded_store() -> Redis:
    """A store of its own: two of them share nothing."""
    return FakeRedis(server=FakeServer())
