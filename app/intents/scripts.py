"""The atomic steps of an intent, in Lua. Time is the store's own: replicas need not agree on theirs.

A hash `intent:<id>` has `v`, `state`, `fence`, `since` (ms, when the state was
entered), `lease` (ms, until when its holder has it), `key`, `natural`, `slot`,
`fingerprint`, `matter` and later `result` and `answer` (sealed), `absences`, `looks`.
`key:<hash>` is a hash of `intent`, `fingerprint` and `owner`; `natural:<hash>` names an
intent; `slot:<hash>` is a sorted set of intents, by when they were booked, or
without end while they are not; `cancels:<id>` counts tries to cancel. What another
has put under these names, of another type, is deleted and counted in `discarded`: it can only be read as nothing.
"""

from app.intents.script_parts import COMMON, NAMING
from app.store.script import Script

NAMED = Script(COMMON + NAMING + "return named()")
"""The key of the names as it is kept: its age and how long it will last (ms), and its fields."""

NAME = Script(
    COMMON
    + NAMING
    + """
local generation, lasts, lost = ARGV[2], ARGV[3], ARGV[4]
if redis.call('HEXISTS', naming, 'generation') == 0 then
  redis.call('DEL', naming)
  redis.call('HSET', naming, 'generation', generation, 'since', text(now))
end
if redis.call('HGET', naming, 'generation') == generation then
  if lost == '1' then redis.call('HSET', naming, 'lost', text(now)) end
  redis.call('PEXPIRE', naming, lasts)
  for index = 5, #ARGV, 2 do redis.call('HSET', naming, ARGV[index], ARGV[index + 1]) end
end
return named()
"""
)
"""Agree on the key of the names: the first offer stays, and whoever has the same adds copies of it.

It lasts for so many ms from each time that somebody who can open it offers it.
`lost`: whoever offers it has seen this one or another here before, and it was gone.
A hash of `generation`, `since`, `lost` (ms) and, by the id of the secret key that it
is sealed under, of copies. Answers as `NAMED`.
"""

OPEN = Script(
    COMMON
    + NAMING
    + """
local id, key, natural, slot, fingerprint = ARGV[2], ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local seats, as_of, lease, kept = tonumber(ARGV[7]), ARGV[8], tonumber(ARGV[9]), tonumber(ARGV[10])
local trusted, schema, matter, generation = tonumber(ARGV[11]), ARGV[12], ARGV[13], ARGV[14]
local pause = tonumber(ARGV[15])
if (redis.call('HGET', naming, 'generation') or '') ~= generation then return {'renamed', 0} end
local left = pause - (now - time_in('lost'))
if left > 0 then return {'renamed', math.ceil(left)} end

local function standing(other)
  local found = redis.call('HMGET', intent_at(other), 'state', 'lease')
  if not found[1] then return 'gone' end
  if found[1] == 'open' and tonumber(found[2]) < now then return 'abandoned' end
  return found[1]
end

local function long_settled(other, state)
  return state == 'confirmed' and now - tonumber(redis.call('HGET', intent_at(other), 'since')) > trusted
end

local fence = 1
local by_key = key_at(key)
local known = redis.call('HMGET', by_key, 'intent', 'fingerprint', 'owner')
if known[1] then
  if known[2] ~= fingerprint then return {'reused'} end
  local state = standing(known[1])
  if state == 'abandoned' then
    fence = redis.call('HGET', intent_at(known[1]), 'fence') + 1
    drop(known[1])
  elseif state ~= 'gone' and state ~= 'failed' then
    return {'known', known[1], known[3]}
  end
end

local by_person = natural_at(natural)
local other = redis.call('GET', by_person)
if other then
  local state = standing(other)
  if state == 'abandoned' then
    drop(other)
  elseif state ~= 'gone' and state ~= 'failed' and not long_settled(other, state) then
    local theirs = redis.call('HGET', intent_at(other), 'fingerprint')
    if theirs ~= fingerprint then return {'occupied', other} end
    redis.call('HSET', by_key, 'intent', other, 'fingerprint', fingerprint, 'owner', '0')
    redis.call('PEXPIRE', by_key, kept)
    return {'known', other, '0'}
  end
end

local seated = slot_at(slot)
if redis.call('ZCOUNT', seated, '(' .. as_of, '+inf') >= seats then return {'held'} end

local at = intent_at(id)
redis.call('HSET', at, 'v', schema, 'state', 'open', 'fence', text(fence),
  'since', text(now), 'lease', text(now + lease), 'key', key, 'natural', natural, 'slot', slot,
  'fingerprint', fingerprint, 'matter', matter)
redis.call('HSET', by_key, 'intent', id, 'fingerprint', fingerprint, 'owner', '1')
redis.call('SET', by_person, id)
redis.call('ZADD', seated, '+inf', id)
redis.call('ZADD', due, text(now + lease), id)
for _, each in ipairs({at, by_key, by_person, seated}) do redis.call('PEXPIRE', each, kept) end
return {'opened', id, fence}
"""
)
"""Write an intent down, or say why not.

That a person has a confirmed booking of the slot is believed for `trusted` ms, until Calendly's own lists surely
show it; after that a look there decides, for it may have been canceled anywhere.

Answers `opened` id fence; `known` id owner (an earlier try has this key, or the
same body for the same person and slot has another: then `owner` is 0);
`renamed` and for how many ms nothing is written down (the store has lost what these names were made
with, or it lost everything less than `pause` ms ago, and what was being sent then may still arrive); `reused` (the
key belongs to another body); `occupied` id (this person has another
intent for the slot); `held` (others of ours have all its seats).
"""

ADVANCE = Script(
    COMMON
    + """
local id, transitions, fence = ARGV[2], ARGV[3], ARGV[4]
local due_in, kept, booked_at, overdue = ARGV[5], tonumber(ARGV[6]), ARGV[7], ARGV[8]
local at = intent_at(id)
local state = redis.call('HGET', at, 'state')
if not state then return {'gone'} end
if overdue == '1' and tonumber(redis.call('HGET', at, 'lease')) > now then return {'refused', state} end
local following = string.match(',' .. transitions .. ',', ',' .. state .. '=(%a+),')
if not following then return {'refused', state} end
if fence ~= '' and redis.call('HGET', at, 'fence') ~= fence then return {'refused', state} end
if following == 'dropped' then
  drop(id)
  return {'done', following}
end
redis.call('HSET', at, 'state', following)
if state ~= following then redis.call('HSET', at, 'since', text(now), 'looks', 0, 'absences', 0) end
for index = 9, #ARGV, 2 do redis.call('HSET', at, ARGV[index], ARGV[index + 1]) end
local names = redis.call('HMGET', at, 'key', 'natural', 'slot')
if following == 'failed' then
  forget(id, false)
elseif booked_at ~= '' then
  redis.call('ZADD', slot_at(names[3]), booked_at, id)
end
if due_in == '' then
  redis.call('ZREM', due, id)
else
  redis.call('HSET', at, 'lease', text(now + due_in))
  redis.call('ZADD', due, text(now + due_in), id)
end
redis.call('PEXPIRE', at, kept)
for index, kind in ipairs({'key:', 'natural:', 'slot:'}) do
  redis.call('PEXPIRE', prefix .. kind .. names[index], kept)
end
return {'done', following}
"""
)
"""Take an intent to the state that follows, by `transitions` such as `sending=unknown,open=dropped`.

With a fence, only for whoever holds that number; `overdue`: only where nobody
has it by now. Answers `done`, `gone`, or `refused` with the state that it is in.
"""

FIND = Script(
    COMMON
    + """
return redis.call('HGETALL', key_at(ARGV[2]))
"""
)
"""What became of a key: `intent`, `fingerprint`, `owner`."""

FIND_NATURAL = Script(
    COMMON
    + """
local id = redis.call('GET', natural_at(ARGV[2]))
return id and {id, redis.call('HGET', intent_at(id), 'fingerprint') or ''}
"""
)
"""The intent of this person and slot: its id and the fingerprint of its body."""

LOAD = Script(
    COMMON
    + """
return {text(now), redis.call('HGETALL', intent_at(ARGV[2]))}
"""
)

CLAIM_DUE = Script(
    COMMON
    + """
local ids = redis.call('ZRANGEBYSCORE', due, '-inf', text(now), 'LIMIT', 0, ARGV[2])
for _, id in ipairs(ids) do
  if redis.call('EXISTS', intent_at(id)) == 1 then
    redis.call('ZADD', due, text(now + ARGV[3]), id)
  else
    redis.call('ZREM', due, id)
  end
end
return ids
"""
)
"""Intents that nobody looks after, each to one caller: for as long as it says, nobody else gets them."""

HURRY = Script(
    COMMON
    + """
local hurried = 0
for _, id in ipairs(redis.call('ZRANGEBYSCORE', slot_at(ARGV[2]), '+inf', '+inf', 'LIMIT', 0, ARGV[3])) do
  if redis.call('HGET', intent_at(id), 'state') == 'unknown' then
    redis.call('ZADD', due, text(now), id)
    hurried = hurried + 1
  end
end
return hurried
"""
)
"""Whoever wants to know what became of a booking of this slot need not wait: how many there were."""

UNDERWAY = Script(
    COMMON
    + """
local function is_underway(id)
  local state = id and redis.call('HGET', intent_at(id), 'state')
  return state == 'sending' or state == 'unknown' or state == 'moving' or state == 'undoing'
end
if is_underway(redis.call('GET', natural_at(ARGV[2]))) then return 1 end
for _, id in ipairs(redis.call('ZREVRANGE', slot_at(ARGV[3]), 0, ARGV[4] - 1)) do
  if is_underway(id) then return 1 end
end
return 0
"""
)
"""Whether one of this person, or one of the latest of this slot, was sent and is not final: 1 or 0."""

KEEP_ANSWER = Script(
    COMMON
    + """
local at = intent_at(ARGV[2])
if redis.call('EXISTS', at) == 0 then return ARGV[3] end
redis.call('HSETNX', at, 'answer', ARGV[3])
return redis.call('HGET', at, 'answer')
"""
)
"""The first answer stays: whoever comes later gets that one."""

RELEASE = Script(
    COMMON
    + """
local names = redis.call('HMGET', intent_at(ARGV[2]), 'natural', 'slot')
release(names[1], names[2], ARGV[2])
local joined = redis.call('HMGET', key_at(ARGV[3]), 'intent', 'owner')
if joined[1] == ARGV[2] and joined[2] == '0' then redis.call('DEL', key_at(ARGV[3])) end
"""
)
"""The booking was canceled: its person and its slot are free for another, and so is a key that had joined it."""

COUNT_CANCEL = Script(
    COMMON
    + """
local tries = sound('string', prefix .. 'cancels:' .. ARGV[2])
local counted = (tonumber(redis.call('GET', tries) or '') or 0) + ARGV[3]
redis.call('SET', tries, text(counted), 'PX', ARGV[4])
return counted
"""
)
"""So many more tries to cancel a booking; how many there were. Counted in one step, for they come at once too."""

DISCARD = Script(
    COMMON
    + """
if (tonumber(redis.call('HGET', intent_at(ARGV[2]), 'v') or 0) or 0) <= tonumber(ARGV[3]) then
  forget(ARGV[2], true)
  discard(intent_at(ARGV[2]))
end
"""
)
"""Nobody can read it, and no newer version wrote it."""

UNSETTLED = Script(
    COMMON
    + """
return {redis.call('ZCARD', due), redis.call('ZCOUNT', due, '-inf', text(now))}
"""
)

DISCARDED = Script(
    COMMON
    + """
return tonumber(redis.call('GET', sound('string', prefix .. 'discarded')) or 0) or 0
"""
)
