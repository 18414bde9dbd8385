"""The atomic steps of a delivery, in Lua. Time is the store's own: replicas need not agree on theirs.

By account: `items:<account>` is a hash of what is not done with, sealed, by identity; `due:<account>` a sorted set of
the same, by the ms from which somebody may take it up; `tries:<account>` a hash of how often it failed;
`waits:<account>` one of how often it was held up; `aside:<account>` one of what failed too often.
`seen:<account>:<identity>` stands for two days for each that was ever taken in.
`invitee:<account>:<hash>` is a record, sealed. What another has put under these names, of another type, is
deleted: it can only be read as nothing.
"""

from app.store.script import RECORDS, Script

_COMMON = (
    RECORDS
    + """
local function items_of(account) return sound('hash', prefix .. 'items:' .. account) end
local function due_of(account) return sound('zset', prefix .. 'due:' .. account) end
local function tries_of(account) return sound('hash', prefix .. 'tries:' .. account) end
local function waits_of(account) return sound('hash', prefix .. 'waits:' .. account) end
local function aside_of(account) return sound('hash', prefix .. 'aside:' .. account) end
local function seen_at(account, identity) return prefix .. 'seen:' .. account .. ':' .. identity end
local function record_at(account, name) return sound('string', prefix .. 'invitee:' .. account .. ':' .. name) end
local function drop(account, identity)
  redis.call('HDEL', items_of(account), identity)
  redis.call('HDEL', tries_of(account), identity)
  redis.call('HDEL', waits_of(account), identity)
  redis.call('ZREM', due_of(account), identity)
end
"""
)

PUT = Script(
    _COMMON
    + """
local account, identity, sealed, most, seen_for, kept = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6], ARGV[7]
if redis.call('EXISTS', seen_at(account, identity)) == 1 then return 'duplicate' end
local items, due = items_of(account), due_of(account)
if redis.call('HLEN', items) >= most then return 'full' end
redis.call('SET', seen_at(account, identity), '1', 'PX', seen_for)
redis.call('HSET', items, identity, sealed)
redis.call('ZADD', due, text(now), identity)
for _, each in ipairs({items, due, tries_of(account), waits_of(account)}) do redis.call('PEXPIRE', each, kept) end
return 'new'
"""
)
"""Write a delivery down, unless it was: `new`, `duplicate`, or `full` where too many are not done with."""

SEEN = Script(_COMMON + "return redis.call('EXISTS', seen_at(ARGV[2], ARGV[3]))")
"""Whether it was ever taken in."""

CLAIM = Script(
    _COMMON
    + """
local limit, hold, found, lines, held = tonumber(ARGV[2]), ARGV[3], {}, {}, {}
for index = 4, #ARGV do
  lines[#lines + 1] = {account = ARGV[index], due = due_of(ARGV[index]), names = {}, at = 0, taken = 0}
end
local function next_in(line, share)
  if not line.names[line.at + 1] then
    if line.is_over then return end
    line.names = redis.call('ZRANGEBYSCORE', line.due, '-inf', text(now), 'LIMIT', line.taken, share)
    line.at, line.is_over = 0, #line.names < share
  end
  line.at = line.at + 1
  return line.names[line.at]
end
local function take(line, identity)
  local sealed = redis.call('HGET', items_of(line.account), identity)
  if not sealed then
    redis.call('ZREM', line.due, identity)
    return
  end
  line.taken = line.taken + 1
  held[#held + 1] = {line.due, identity}
  local tries = redis.call('HGET', tries_of(line.account), identity) or '0'
  for _, each in ipairs({line.account, identity, tries, sealed}) do found[#found + 1] = each end
end
while #held < limit and #lines > 0 do
  local share, rest = math.max(math.floor((limit - #held) / #lines), 1), {}
  for _, line in ipairs(lines) do
    if #held == limit then break end
    local identity = next_in(line, share)
    if identity then
      take(line, identity)
      rest[#rest + 1] = line
    end
  end
  lines = rest
end
for _, each in ipairs(held) do redis.call('ZADD', each[1], text(now + hold), each[2]) end
return found
"""
)
"""Deliveries that nobody looks after, each to one caller: for `hold` ms nobody else gets them. One of each account in
turn, so that one which has thousands keeps no other waiting; an account is asked for its share of what is still to be
given, and once more only where others have had less.

Answers account, identity, how often it failed, and what was sealed, one after the other.
"""

READ = Script(
    _COMMON
    + """
local found = {}
for index = 3, #ARGV do found[index - 2] = redis.call('GET', record_at(ARGV[2], ARGV[index])) or '' end
return found
"""
)
"""The records under these names, in order; nothing where there is none."""

COMMIT = Script(
    _COMMON
    + """
local account, identity = ARGV[2], ARGV[3]
if redis.call('HEXISTS', items_of(account), identity) == 0 then return 'gone' end
for index = 4, #ARGV, 4 do
  if (redis.call('GET', record_at(account, ARGV[index])) or '') ~= ARGV[index + 1] then return 'changed' end
end
for index = 4, #ARGV, 4 do
  redis.call('SET', record_at(account, ARGV[index]), ARGV[index + 2], 'PX', ARGV[index + 3])
end
drop(account, identity)
return 'done'
"""
)
"""A delivery is done with: its records take the place of those it was decided by, all of them or none.

For each record its name, what was read, what it is now, and for how many ms it is kept. Answers `done`, `changed` where
one of them is another by now, or `gone` where somebody else has done it.
"""

FAIL = Script(
    _COMMON
    + """
local account, identity, wait, most, most_aside, kept = ARGV[2], ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6], ARGV[7]
local sealed = redis.call('HGET', items_of(account), identity)
if not sealed then return 'gone' end
if redis.call('HINCRBY', tries_of(account), identity, 1) < most then
  redis.call('ZADD', due_of(account), text(now + wait), identity)
  return 'later'
end
drop(account, identity)
local aside = aside_of(account)
if redis.call('HLEN', aside) < tonumber(most_aside) then redis.call('HSET', aside, identity, sealed) end
redis.call('PEXPIRE', aside, kept)
return 'aside'
"""
)
"""It could not be carried out: `later`, or `aside` where it has failed too often."""

POSTPONE = Script(
    _COMMON
    + """
local account, identity, first, longest, kept = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6]
if redis.call('HEXISTS', items_of(account), identity) == 0 then return end
local before = redis.call('HINCRBY', waits_of(account), identity, 1) - 1
local wait = math.min(first * 2 ^ math.min(before, 20), longest)
redis.call('ZADD', due_of(account), text(now + wait), identity)
redis.call('PEXPIRE', waits_of(account), kept)
"""
)
"""It is held up, and that is no fault of its own: due again after `first` ms, and each time after twice as long, up to
the `longest`. However often.
"""

REPLAY = Script(
    _COMMON
    + """
local account, kept = ARGV[2], ARGV[3]
local items, due, aside = items_of(account), due_of(account), aside_of(account)
local flat = redis.call('HGETALL', aside)
for index = 1, #flat, 2 do
  redis.call('HSET', items, flat[index], flat[index + 1])
  redis.call('ZADD', due, text(now), flat[index])
end
for _, each in ipairs({items, due}) do redis.call('PEXPIRE', each, kept) end
redis.call('DEL', aside)
return #flat / 2
"""
)
"""What was set aside is to be tried as if it had just come. How many there were."""

COUNT = Script(
    _COMMON
    + """
local waiting, aside = 0, 0
for index = 2, #ARGV do
  waiting = waiting + redis.call('HLEN', items_of(ARGV[index]))
  aside = aside + redis.call('HLEN', aside_of(ARGV[index]))
end
return {waiting, aside}
"""
)
"""How many deliveries of these accounts are not done with, and how many were set aside."""
