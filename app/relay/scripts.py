"""The atomic steps of a notice on its way, in Lua. Time is the store's own: replicas need not agree on theirs.

A hash `notice:<id>` has `type`, `body` (sealed), `at` (ms) and `left`, how many
deliveries of it are not over. `seen:<id>` stands for as long as its repetitions
count as the same. A delivery is a notice to one target: it is in `waiting`, and in
`due:<target>` by the millisecond from which it may be taken up, or it is in `dead`;
its hash `delivery:<target>:<id>` has `host`, `attempts`, `outcome` and, once dead, `died`.

What another has put under these names, of another type, is deleted.
"""

from app.store.script import RECORDS, Script

DEAD_KEPT = "2592000000"
"""Milliseconds: 30 days. What nobody has fetched from the dead letters by then is gone."""

UNCLAIMED_KEPT = "604800000"
"""Milliseconds: 7 days, longer than all attempts take. What waits for so long has a target that nobody sends to."""

DROPPED_AT_ONCE = "100"
"""Dead letters that make room in one step: others need the store meanwhile."""

COMMON = (
    RECORDS
    + """
local waiting = sound('zset', prefix .. 'waiting')
local dead = sound('zset', prefix .. 'dead')
local function due_at(target) return sound('zset', prefix .. 'due:' .. target) end
local function notice_at(id) return sound('hash', prefix .. 'notice:' .. id) end
local function delivery_at(target, id) return sound('hash', prefix .. 'delivery:' .. target .. ':' .. id) end
local function hint_at(id) return sound('hash', prefix .. 'hint:' .. id) end
local function hints_of(account) return sound('zset', prefix .. 'hints:' .. account) end
local function parts(member) return string.match(member, '^(%S+) (%S+)$') end
local function keep(target, id)
  redis.call('PEXPIRE', notice_at(id), text(DEAD_KEPT + UNCLAIMED_KEPT))
  redis.call('PEXPIRE', delivery_at(target, id), text(DEAD_KEPT + UNCLAIMED_KEPT))
end
local function bury(target, id, outcome)
  local member = target .. ' ' .. id
  redis.call('ZREM', waiting, member)
  redis.call('ZREM', due_at(target), id)
  redis.call('HSET', delivery_at(target, id), 'outcome', outcome, 'died', text(now))
  redis.call('ZADD', dead, text(now), member)
  keep(target, id)
end
local function finish(target, id)
  local member = target .. ' ' .. id
  if redis.call('ZREM', waiting, member) + redis.call('ZREM', dead, member) == 0 then return 0 end
  redis.call('ZREM', due_at(target), id)
  redis.call('DEL', delivery_at(target, id))
  if redis.call('HINCRBY', notice_at(id), 'left', -1) <= 0 then redis.call('DEL', notice_at(id)) end
  return 1
end
local function await(target, id)
  redis.call('ZADD', waiting, text(now), target .. ' ' .. id)
  redis.call('ZADD', due_at(target), text(now), id)
  keep(target, id)
end
local function trim(most)
  local crowded = 0
  while redis.call('ZCARD', waiting) > tonumber(most) do
    local target, id = parts(redis.call('ZRANGE', waiting, 0, 0)[1])
    bury(target, id, 'crowded_out')
    crowded = crowded + 1
  end
  return crowded
end
local function drop(most)
  local dropped = 0
  while redis.call('ZCARD', dead) > tonumber(most) and dropped < DROPPED do
    finish(parts(redis.call('ZRANGE', dead, 0, 0)[1]))
    dropped = dropped + 1
  end
  return dropped
end
local function sweep()
  local unclaimed = text(now - UNCLAIMED_KEPT)
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', waiting, '-inf', unclaimed, 'LIMIT', 0, 20)) do
    local target, id = parts(member)
    bury(target, id, 'unclaimed')
  end
  for _, member in ipairs(redis.call('ZRANGEBYSCORE', dead, '-inf', text(now - DEAD_KEPT), 'LIMIT', 0, 20)) do
    finish(parts(member))
  end
end
""".replace("UNCLAIMED_KEPT", UNCLAIMED_KEPT)
    .replace("DEAD_KEPT", DEAD_KEPT)
    .replace("DROPPED", DROPPED_AT_ONCE)
)

PUT = Script(
    COMMON
    + """
local id, kind, body, account, seen_for = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local most, most_dead = ARGV[7], ARGV[8]
redis.call('ZREM', hints_of(account), id)
redis.call('DEL', hint_at(id))
if not redis.call('SET', prefix .. 'seen:' .. id, '1', 'NX', 'PX', seen_for) then return {0, 0, 0} end
local targets = (#ARGV - 8) / 2
if targets > 0 then
  redis.call('HSET', notice_at(id), 'type', kind, 'body', body, 'at', text(now), 'left', text(targets))
end
for index = 9, #ARGV, 2 do
  local target, host = ARGV[index], ARGV[index + 1]
  redis.call('HSET', delivery_at(target, id), 'host', host, 'attempts', '0', 'outcome', 'waiting')
  await(target, id)
end
local crowded = trim(most)
return {1, crowded, drop(most_dead)}
"""
)
"""Take a notice in, for each target; the hint that led to it is done with.

Answers whether it is new, how many of the oldest had to become dead letters to make room, and how many of the oldest
dead letters had to go.
"""

CLAIM = Script(
    COMMON
    + """
local lease, claimed = ARGV[2], {}
sweep()
for index = 3, #ARGV, 2 do
  local target = ARGV[index]
  local ids = redis.call('ZRANGEBYSCORE', due_at(target), '-inf', text(now), 'LIMIT', 0, ARGV[index + 1])
  for _, id in ipairs(ids) do
    if redis.call('ZSCORE', waiting, target .. ' ' .. id) and redis.call('EXISTS', notice_at(id)) == 1 then
      redis.call('ZADD', due_at(target), text(now + lease), id)
      local attempts = redis.call('HINCRBY', delivery_at(target, id), 'attempts', 1)
      claimed[#claimed + 1] = {target, id, attempts, redis.call('HGET', notice_at(id), 'body') or ''}
    else
      redis.call('ZREM', due_at(target), id)
      redis.call('ZREM', waiting, target .. ' ' .. id)
    end
  end
end
return claimed
"""
)
"""Deliveries that are due, so many of each target, each to one caller: for the lease, nobody else gets them.

Answers target, notice, which attempt it is, and the body.
"""

DELIVERED = Script(COMMON + "return finish(ARGV[2], ARGV[3])")
"""It was taken, also where it took longer than the lease."""

FAILED = Script(
    COMMON
    + """
local target, id, attempt, outcome, wait = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local member = target .. ' ' .. id
if not redis.call('ZSCORE', waiting, member) then return 0 end
if redis.call('HGET', delivery_at(target, id), 'attempts') ~= attempt then return 0 end
if wait == '' then
  bury(target, id, outcome)
else
  redis.call('HSET', delivery_at(target, id), 'outcome', outcome)
  redis.call('ZADD', due_at(target), text(now + wait), id)
end
return 1
"""
)
"""This attempt failed: to be sent again after so many ms, or, without a wait, never again by itself.

An attempt that is not the latest says nothing any more.
"""

LIST = Script(
    COMMON
    + """
local listed = {}
for _, member in ipairs(redis.call('ZRANGE', prefix .. ARGV[2], 0, ARGV[3] - 1)) do
  local target, id = parts(member)
  local said = redis.call('HMGET', delivery_at(target, id), 'host', 'attempts', 'outcome')
  local kind = redis.call('HGET', notice_at(id), 'type')
  listed[#listed + 1] = {id, kind or '', said[1] or '', said[2] or '0', said[3] or ''}
end
return listed
"""
)
"""The oldest of `waiting` or `dead`: notice, type, host, attempts, what became of the last."""

REPLAY = Script(
    COMMON
    + """
local wanted, before, most, limit = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5])
if before == '' then before = text(now) end
local replayed, seen = 0, 0
for _, member in ipairs(redis.call('ZRANGEBYSCORE', dead, '-inf', before)) do
  local target, id = parts(member)
  if wanted == '' or wanted == id then
    redis.call('ZREM', dead, member)
    if redis.call('HEXISTS', notice_at(id), 'body') == 1 then
      redis.call('HSET', delivery_at(target, id), 'attempts', '0', 'outcome', 'waiting')
      redis.call('HDEL', delivery_at(target, id), 'died')
      await(target, id)
      replayed = replayed + 1
    end
    if replayed == limit then break end
  end
end
trim(most)
return {replayed, before}
"""
)
"""Dead letters, all or those of one notice, wait again from the first attempt on: at most so many at once, of those
that had died before.

Answers how many, and that instant, for whoever goes on.
"""

COUNTS = Script(COMMON + "return {redis.call('ZCARD', waiting), redis.call('ZCARD', dead)}")
