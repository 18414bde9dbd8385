"""Who of a store takes writes, and can be asked about itself."""

from redis.asyncio import Redis

from app.store.cluster import Ask, ClusteredRedis


async def masters_of(store: Redis) -> list[Ask]:
    """Of a cluster several, of anything else the one that is connected to. Raises `RedisError` or `OSError`."""
    if isinstance(store, ClusteredRedis):
        return await store.masters()
    return [store.execute_command]
