"""What became of deliveries: what is kept of them, and what was counted."""

from redis import Redis

from tests.support.contents import contents
from tests.support.hooks import counted
from tests.support.redis import STATE, RedisServer
from tests.support.service import Service


def stored(redis: RedisServer) -> dict[str, str]:
    """All that the state store has of webhooks."""
    with Redis(port=redis.port, db=STATE) as store:
        return {name: value for name, value in contents(store).items() if "{webhooks}" in name}


async def has(receiver: Service, **outcomes: int) -> bool:
    """Whether so many deliveries had each of these outcomes."""
    return {name: await counted(receiver, name) for name in outcomes} == outcomes
