"""Takes the atomic steps of one account in Redis, where it can be reached."""

from typing import Any, TypeAlias

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from app.cache import keys
from app.cache.reach import Reach
from app.store.script import Script

Word: TypeAlias = Any
"""What a script is told, and what it answers; which it is, the script knows."""


class Steps:
    def __init__(self, redis: Redis, reach: Reach, account: str) -> None:
        self._redis = redis
        self._reach = reach
        self._prefix = keys.days(account)

    async def run(self, script: Script, *args: Word) -> Word:
        """None where Redis does not answer."""
        return None if self._reach.is_away else await self.attempt(script, *args)

    async def attempt(self, script: Script, *args: Word) -> Word:
        """Even where Redis was away a moment ago."""
        words: tuple[Word, ...] = (self._prefix + "news", self._prefix, *args)
        try:
            try:
                return await self._redis.evalsha(script.digest, 1, *words)
            except NoScriptError:
                return await self._redis.eval(script.lua, 1, *words)
        except (RedisError, OSError) as error:
            self._reach.failed(error)
            return None
