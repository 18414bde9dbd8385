"""The atomic steps of a grant, in Lua. Time is the store's own: replicas need not agree on theirs.

A record is `<generation> <state> <sealed>`; its state is `alive`, `removed` (then nothing is sealed), or why it is
dead. A record that was removed stays for its generation, so that no later one has the same. `renewal:<account>`
is a hash of `fence`, which counts those who began a renewal, `lease` and `rest` (ms, until when one of them has it, and
until when nobody begins one), `begun` (the generation whose refresh token may have been spent), `first` (the fence of
the first who may have spent it), and `failures` in a row. `calls:<account>` is a sorted set of calls by when they were
begun; nothing else expires. What another has put under these names, of another type, is deleted: it can only be read as
nothing.
"""

from app.store.script import Script

_COMMON = """
local kinds = {'hash', 'string', 'hash', 'zset'}
for place, name in ipairs(KEYS) do
  local found = redis.call('TYPE', name)['ok']
  if found ~= kinds[place] and found ~= 'none' then redis.call('DEL', name) end
end
local records, changes, renewal, calls = KEYS[1], KEYS[2], KEYS[3], KEYS[4]
local account = ARGV[1]
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
local now = math.floor(micros / 1000)
local function text(number) return string.format('%.0f', number) end
local function number(value) return tonumber(value or '') or 0 end
local function standing()
  local generation, state, sealed =
    string.match(redis.call('HGET', records, account) or '', '^(%d+) ([%l_]+) (%S*)$')
  if not generation or #generation > 15 then return 0, 'removed', '' end
  return number(generation), state, sealed
end
local function keep(generation, state, sealed)
  redis.call('HSET', records, account, text(generation) .. ' ' .. state .. ' ' .. sealed)
  redis.call('HDEL', renewal, 'lease', 'rest', 'failures')
  local last = number(redis.call('GET', changes))
  if not (last < micros + 86400000000) then last = 0 end
  redis.call('SET', changes, text(math.max(last + 1, micros)))
  return 1
end
local function holds(fence) return redis.call('HGET', renewal, 'fence') == fence end
local function is_begun(generation) return redis.call('HGET', renewal, 'begun') == text(generation) end
local function may_have_spent(generation, fence)
  return is_begun(generation) and fence >= number(redis.call('HGET', renewal, 'first'))
    and fence <= number(redis.call('HGET', renewal, 'fence'))
end
local function count(span)
  redis.call('ZADD', calls, text(now), text(micros))
  redis.call('PEXPIRE', calls, span)
end
"""

LIST = Script(_COMMON + "return {redis.call('GET', changes) or '0', redis.call('HGETALL', records)}")
"""The number of changes, and every record by account."""

FIND = Script(_COMMON + "return redis.call('HGET', records, account)")

GENERATION = Script(_COMMON + "return (standing())")
"""0 where there never was a record, or where what stands there is none."""

PUT_NEW = Script(
    _COMMON
    + """
local generation = standing()
if generation ~= tonumber(ARGV[2]) then return 0 end
count(ARGV[4])
redis.call('HDEL', renewal, 'begun', 'first')
return keep(generation + 1, 'alive', ARGV[3])
"""
)
"""In the place of whatever is there. ARGV: the generation that is, the sealed grant, how long (ms) its call counts."""

REPLACE = Script(
    _COMMON
    + """
local generation, state = standing()
if generation ~= tonumber(ARGV[2]) or state == 'removed' then return 0 end
if not may_have_spent(generation, tonumber(ARGV[3])) then return 0 end
keep(generation + 1, 'alive', ARGV[4])
redis.call('HSET', renewal, 'rest', text(now + ARGV[5]))
return 1
"""
)
"""The pair that follows this generation. ARGV: the generation, the fence, the sealed grant, the rest that follows (ms).

From anybody who began with this generation, whoever began after, and even where it was given up as dead meanwhile:
a refresh token is good once, so that this is the pair which the others wait for.
"""

KILL = Script(
    _COMMON
    + """
local generation, state, sealed = standing()
if generation ~= tonumber(ARGV[2]) or state ~= 'alive' then return 0 end
if ARGV[3] ~= '' and not holds(ARGV[3]) then return 0 end
return keep(generation, ARGV[4], sealed)
"""
)
"""ARGV: the generation that is dead, the fence or nothing, the reason."""

REMOVE = Script(
    _COMMON
    + """
local record = redis.call('HGET', records, account)
if not record or string.match(record, '^%d+ removed $') then return false end
local generation = standing()
keep(generation, 'removed', '')
return record
"""
)
"""The record that was there; false where nothing was connected."""

RESEAL = Script(
    _COMMON
    + """
if redis.call('HGET', records, account) ~= ARGV[2] then return 0 end
redis.call('HSET', records, account, ARGV[3])
return 1
"""
)
"""The same under another key: nobody needs to hear of it."""

BEGIN = Script(
    _COMMON
    + """
local lease, most, span = tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local generation, state = standing()
if generation ~= tonumber(ARGV[2]) or state ~= 'alive' then return {'changed'} end
local held = number(redis.call('HGET', renewal, 'lease')) - now
if held > 0 and held <= lease then return {'held', held} end
local rest = number(redis.call('HGET', renewal, 'rest')) - now
if rest > 0 and rest <= 86400000 then return {'rest', rest} end
redis.call('ZREMRANGEBYSCORE', calls, '-inf', text(now - span))
if redis.call('ZCOUNT', calls, '-inf', text(now + span)) >= most then
  local first = redis.call('ZRANGE', calls, 0, 0, 'WITHSCORES')
  return {'rest', math.max(1, number(first[2]) + span - now)}
end
count(span)
local unfinished = is_begun(generation)
local fence = redis.call('HINCRBY', renewal, 'fence', 1)
if not unfinished then redis.call('HSET', renewal, 'begun', text(generation), 'first', text(fence)) end
redis.call('HSET', renewal, 'lease', text(now + lease))
return {'begun', fence, unfinished and 1 or 0, number(redis.call('HGET', renewal, 'failures'))}
"""
)
"""Take the lease and write down that this generation's refresh token is about to be spent.

ARGV: the generation, the lease (ms), at most so many calls within so many ms. Answers `begun`, the fence, whether
another had begun before and not finished, and the failures before; `held` or `rest`, and for how long (ms);
`changed` where the account has no such generation alive.
"""

RELEASE = Script(
    _COMMON
    + """
if standing() ~= tonumber(ARGV[2]) or not holds(ARGV[3]) then return 0 end
redis.call('HDEL', renewal, 'lease')
if ARGV[5] == '1' then redis.call('HDEL', renewal, 'begun') end
redis.call('HINCRBY', renewal, 'failures', 1)
redis.call('HSET', renewal, 'rest', text(now + ARGV[4]))
return 1
"""
)
"""It failed. ARGV: the generation, the fence, the rest that follows (ms), whether the refresh token is surely unspent.

Nothing where another has stored the pair meanwhile: what follows on that stands.
"""

BEGIN_CONNECTING = Script(
    """
if redis.call('DEL', KEYS[1]) == 0 then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return 1
"""
)
"""Use up an invitation for what is pending from now on. ARGV: that, sealed, and for how long (ms)."""

TAKE_PENDING = Script(
    """
local kind = redis.call('TYPE', KEYS[1])['ok']
local pending = kind == 'string' and redis.call('GET', KEYS[1])
redis.call('DEL', KEYS[1])
return pending
"""
)
"""What is pending; from now on nothing is."""
