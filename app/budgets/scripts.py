"""The atomic steps of a budget, in Lua. Time is the store's own: replicas need not agree on theirs.

Of the three keys, the first is a hash:

    calls, bookings          the plan, as far as Calendly's headers gave it away
    left:W, at:W, until:W    from `at` until `until`, at most `left` calls in window W
    shut:G                   gate G is shut until then

The others are logs: sorted sets of permits by the instant they were given. All
instants and spans are microseconds, so that a permit and a reply hardly ever have the
same. What stands there and makes no sense counts as not there; nor does what lies further
ahead than anything we write: then the store's clock was set back.
"""

from app.store.script import Script

_COMMON = """
local standing = KEYS[1]
for place, kind in ipairs({'hash', 'zset', 'zset'}) do
  local found = redis.call('TYPE', KEYS[place])['ok']
  if found ~= kind and found ~= 'none' then redis.call('DEL', KEYS[place]) end
end
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local function text(number) return string.format('%.0f', number) end
local function number(value) return tonumber(value or '') or 0 end
local function ahead(moment)
  local rest = number(moment) - now
  return rest <= 86400000000 and rest or 0
end
local function bound(log, name)
  local found = redis.call('HMGET', standing, 'left:' .. name, 'at:' .. name, 'until:' .. name)
  local since = redis.call('ZCOUNT', log, '(' .. text(number(found[2])), '+inf')
  return number(found[1]) - since, ahead(found[3])
end
"""

TAKE = Script(
    _COMMON
    + """
local known, permits = ARGV[1], ARGV[2]
local learnt = redis.call('HMGET', standing, 'calls', 'bookings')
local function word(value) return string.match(value or '', '^%l+$') or '' end
local calls, bookings = word(learnt[1]), word(learnt[2])
if known ~= '*' and known ~= calls .. '/' .. bookings then return {'learnt', calls, bookings} end

local longest, cause, rooms, spans = 0, '', {}, {}
local function hold(wait, what)
  if wait > longest then longest, cause = wait, what end
end
for first = 3, #ARGV, 6 do
  local place, name, gate = tonumber(ARGV[first]), ARGV[first + 1], ARGV[first + 5]
  local span, limit, reserve = tonumber(ARGV[first + 2]), tonumber(ARGV[first + 3]), tonumber(ARGV[first + 4])
  local log = KEYS[place]
  spans[place] = math.max(spans[place] or 0, span)
  local from, to = '(' .. text(now - span), text(now + span)
  local room = limit - redis.call('ZCOUNT', log, from, to)
  if room <= reserve then
    local next_to_go = redis.call('ZRANGEBYSCORE', log, from, to, 'WITHSCORES', 'LIMIT', reserve - room, 1)
    hold(number(next_to_go[2]) + span - now, name)
  end
  local left, bound_for = bound(log, name)
  if bound_for > 0 then
    room = math.min(room, left)
    if left <= reserve then hold(bound_for, name) end
  end
  local shut_for = ahead(redis.call('HGET', standing, 'shut:' .. gate))
  if shut_for > 0 then
    room = 0
    hold(shut_for, gate)
  end
  rooms[#rooms + 1] = math.max(room, 0)
end

if longest == 0 and permits ~= '' then
  for place, span in pairs(spans) do
    for permit in string.gmatch(permits, '%S+') do redis.call('ZADD', KEYS[place], text(now), permit) end
    redis.call('ZREMRANGEBYSCORE', KEYS[place], '-inf', text(now - span))
    redis.call('PEXPIRE', KEYS[place], text(math.ceil(span / 1000)))
  end
end
return {'counted', longest, cause, unpack(rooms)}
"""
)
"""Find room in every window, and give the permit where all have some: in each, or in none.

ARGV: the plan as the caller knows it, `calls/bookings`, or `*` where it was
told; the permit, or nothing to ask only, and others that were given elsewhere and count here, too; then for
each window: the place of its log, name, span, limit, reserve, gate. A log is kept for the longest span asked of it.
Answers `learnt`, and the plan, where the caller knows another; else `counted`, the
time to wait, for which window or gate, and the room in each window.
"""

OBSERVE = Script(
    _COMMON
    + """
local calls, bookings, kept = ARGV[1], ARGV[2], ARGV[3]
if calls ~= '' and redis.call('HGET', standing, 'calls') ~= calls then
  redis.call('HSET', standing, 'calls', calls)
  redis.call('HDEL', standing, 'bookings')
end
if bookings ~= '' then redis.call('HSET', standing, 'bookings', bookings) end

local name = ARGV[4]
if name ~= '' then
  local left, bound_for = bound(KEYS[tonumber(ARGV[5])], name)
  if bound_for <= 0 or tonumber(ARGV[6]) < left then
    redis.call('HSET', standing, 'left:' .. name, ARGV[6], 'at:' .. name, text(now),
      'until:' .. name, text(now + ARGV[7]))
  end
end

for first = 8, #ARGV, 2 do
  local gate, shut_for = 'shut:' .. ARGV[first], tonumber(ARGV[first + 1])
  if ahead(redis.call('HGET', standing, gate)) < shut_for then
    redis.call('HSET', standing, gate, text(now + shut_for))
  end
end
redis.call('PEXPIRE', standing, kept)
"""
)
"""Remember what a reply said.

ARGV: the plan's `calls` and `bookings`, empty where nothing is new; for how long to
keep it all (ms); a window, or nothing, the place of its log, how many are left and for
how long; then each gate and for how long it is shut.
Replies overtake each other, so that one which says that more is left than
another said is believed only when the other's time is up.
"""

GIVE_BACK = Script(
    _COMMON
    + """
for place = 2, 3 do redis.call('ZREM', KEYS[place], unpack(ARGV)) end
"""
)
"""The permits were not used."""
