"""The atomic steps of a hint, in Lua; `app.relay.scripts` says what all of them have in common.

A hash `hint:<id>` has `about` (sealed), `certain`, `tries` and `at` (ms); `hints:<account>`
is a sorted set of hints, by when somebody is to look.
"""

from app.relay.scripts import COMMON
from app.store.script import Script

EXPECT = Script(
    COMMON
    + """
local id, account, about, certain, due_in, kept = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6], ARGV[7]
if redis.call('EXISTS', prefix .. 'seen:' .. id) == 1 then return 0 end
local at = hint_at(id)
if certain == '0' and redis.call('HGET', at, 'certain') == '1' then return 0 end
redis.call('HSETNX', at, 'at', text(now))
redis.call(certain == '1' and 'HSET' or 'HSETNX', at, 'about', about)
redis.call('HSET', at, 'certain', certain, 'tries', '0')
redis.call('PEXPIRE', at, kept)
redis.call('ZADD', hints_of(account), text(now + due_in), id)
redis.call('PEXPIRE', hints_of(account), kept)
return 1
"""
)
"""Write down what may be to be told, unless it was told. What is certain is not made doubtful again; what is not
leaves the words of whoever came first, and is looked into when the last one says.
"""

CLAIM = Script(
    COMMON
    + """
local account, limit, first, longest = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5])
local claimed = {}
for _, id in ipairs(redis.call('ZRANGEBYSCORE', hints_of(account), '-inf', text(now), 'LIMIT', 0, limit)) do
  local found = redis.call('HMGET', hint_at(id), 'about', 'certain', 'at')
  if found[1] then
    local tries = redis.call('HINCRBY', hint_at(id), 'tries', 1)
    local wait = math.min(first * 2 ^ math.min(tries - 1, 20), longest)
    redis.call('ZADD', hints_of(account), text(now + wait), id)
    claimed[#claimed + 1] = {id, found[1], found[2], tries, text(now - (tonumber(found[3]) or now))}
  else
    redis.call('ZREM', hints_of(account), id)
  end
end
return claimed
"""
)
"""Hints that are due, each to one caller, who has `first` ms; each time that nothing came of it, twice as long.

Answers the id, what it is about, whether it is certain, which try this is, and its age (ms).
"""

FORGET = Script(
    COMMON
    + """
redis.call('ZREM', hints_of(ARGV[2]), ARGV[3])
redis.call('DEL', hint_at(ARGV[3]))
"""
)
"""There is nothing to tell."""

STANDS = Script(COMMON + "return redis.call('HGET', hint_at(ARGV[2]), 'certain') == ARGV[3] and 1 or 0")
"""Whether a hint that was claimed is as it was: neither done with, nor certain since."""
