"""The atomic steps of the days in the cache, in Lua. Time is that of Redis: replicas need not agree on theirs.

All names of one account share a hash tag, so that one step can make the days of all its event types untrue:
`news` is a hash of `generation` (when something last became untrue), `fence` (how many claims were
made), by date, of when that date last became untrue, all in microseconds, and of the event types of which
anything may be kept: `of:<event type>`. `day:<event type>:<date>` is a
day as it was read: 16 digits, the microsecond of the reading by the clock of whoever read it, and then its slots.
`claims:<event type>` is a hash, by date, of who is reading it: a fence and until when it is theirs.
`answers:<maker>` is a hash of answers as they were sent, each after the 16 digits of the generation under which it
was made; who made them matters, for another release or other settings would have answered otherwise.
"""

from app.store.script import RECORDS, Script

_COMMON = (
    RECORDS
    + """
local news = sound('hash', prefix .. 'news')
local function day_at(event_type, day)
  return sound('string', prefix .. 'day:' .. event_type .. ':' .. day)
end
local function reading_of(value, latest)
  local reading = string.sub(value or '', 1, 16)
  return reading <= latest and reading or ''
end
local function noted(field) return tonumber(redis.call('HGET', news, field)) or 0 end
local function answers_of(maker) return sound('hash', prefix .. 'answers:' .. maker) end
local function generation() return string.format('%016.0f', noted('generation')) end
local function claims_of(event_type) return sound('hash', prefix .. 'claims:' .. event_type) end
local function claim_in(claims, day)
  local fence, until_ = string.match(redis.call('HGET', claims, day) or '', '^(%d+) (%d+)$')
  return fence, tonumber(until_ or 0)
end
"""
)

READ = Script(
    _COMMON
    + """
local found = {generation()}
for index = 3, #ARGV do found[index - 1] = redis.call('GET', day_at(ARGV[2], ARGV[index])) end
return found
"""
)
"""The generation, and each day as it is kept, in the order asked."""

GENERATION = Script(_COMMON + "return generation()")

CLAIM = Script(
    _COMMON
    + """
local event_type, lease, latest = ARGV[2], tonumber(ARGV[3]), ARGV[4]
local claims = claims_of(event_type)
local fence = redis.call('HINCRBY', news, 'fence', 1)
redis.call('HSET', news, 'of:' .. event_type, '')
local answers, granted = {text(fence), text(micros)}, false
for index = 5, #ARGV, 2 do
  local day, known = ARGV[index], ARGV[index + 1]
  local kept = reading_of(redis.call('GET', day_at(event_type, day)), latest)
  local _, until_ = claim_in(claims, day)
  if kept > known then
    answers[#answers + 1] = 'newer'
  elseif until_ > micros then
    answers[#answers + 1] = 'claimed'
  else
    redis.call('HSET', claims, day, text(fence) .. ' ' .. text(micros + lease))
    answers[#answers + 1] = 'granted'
    granted = true
  end
end
if granted then redis.call('PEXPIRE', claims, math.ceil(lease / 1000) + 1000) end
redis.call('PEXPIRE', news, 86400000)
return answers
"""
)
"""Who may read these days: pairs of a date and the 16 digits of the reading that is known, or nothing. Before them
those of the `latest` reading that can be believed, by the clock of whoever asks: a later one counts as none.

Answers the fence, the time, and for each day `granted`, `claimed` (somebody else is
at it) or `newer` (it has been read since).
"""

EXTEND = Script(
    _COMMON
    + """
local claims, fence, lease = claims_of(ARGV[2]), ARGV[3], tonumber(ARGV[4])
for index = 5, #ARGV do
  if claim_in(claims, ARGV[index]) == fence then
    redis.call('HSET', claims, ARGV[index], fence .. ' ' .. text(micros + lease))
  end
end
redis.call('PEXPIRE', claims, math.ceil(lease / 1000) + 1000)
"""
)
"""Whoever reads is still alive."""

KEEP = Script(
    _COMMON
    + """
local event_type, fence, started, lifetime, latest = ARGV[2], ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local claims, untrue = claims_of(event_type), {}
for index = 7, #ARGV, 2 do
  local day, value = ARGV[index], ARGV[index + 1]
  local holder, until_ = claim_in(claims, day)
  local is_held, name = until_ > micros, day_at(event_type, day)
  if noted(day) >= started then
    untrue[#untrue + 1] = day
  elseif is_held and holder == fence
    or not is_held and reading_of(redis.call('GET', name), latest) <= reading_of(value, latest) then
    redis.call('SET', name, value, 'PX', lifetime)
  end
  if holder == fence then redis.call('HDEL', claims, day) end
end
return untrue
"""
)
"""Keep days that were read under a fence, from `started` on: pairs of a date and its value. `latest` as above.

What became untrue since is not kept, and named in the answer; nor is what somebody
else has claimed by now, for theirs is the newer reading, or has kept of a newer one.
"""

RELEASE = Script(
    _COMMON
    + """
local claims = claims_of(ARGV[2])
for index = 4, #ARGV do
  if claim_in(claims, ARGV[index]) == ARGV[3] then redis.call('HDEL', claims, ARGV[index]) end
end
"""
)
"""They could not be read: whoever waits may try."""

DISCARD = Script(
    _COMMON
    + """
for index = 3, #ARGV do redis.call('DEL', day_at(ARGV[2], ARGV[index])) end
"""
)
"""Nobody can read them."""

TAKE = Script(
    _COMMON
    + """
local current, found = generation(), {}
for name in string.gmatch(ARGV[3], '%S+') do
  local value = redis.call('HGET', answers_of(ARGV[2]), name)
  found[#found + 1] = value and string.sub(value, 1, 16) == current and string.sub(value, 17) or ''
end
return found
"""
)
"""Answers, in the order asked; nothing where there is none, or where it was made before something became untrue.

The names come in one word: each more takes the client a microsecond.
"""

PUT = Script(
    _COMMON
    + """
local known, most, lifetime = ARGV[3], tonumber(ARGV[4]), ARGV[5]
local current = generation()
if current > known then return end
local answers = answers_of(ARGV[2])
if redis.call('HLEN', answers) > most then redis.call('DEL', answers) end
for index = 6, #ARGV, 2 do redis.call('HSET', answers, ARGV[index], current .. ARGV[index + 1]) end
redis.call('PEXPIRE', answers, lifetime)
"""
)
"""Keep answers that were made by a process that had heard of everything up to the generation it says it knows.

Where there are too many, all of them go: they are made anew of their days.
"""

_NEWS = """
local function next_generation()
  local before = noted('generation')
  local generation = math.max(micros, before + 1)
  redis.call('HSET', news, 'generation', text(generation))
  return generation, before
end
local function told(channel, generation, before, message)
  redis.call('PEXPIRE', news, 86400000)
  redis.call('PUBLISH', channel, text(generation) .. ' ' .. text(before) .. ' ' .. message)
  return {text(generation), text(before)}
end
"""

FORGET = Script(
    _COMMON
    + _NEWS
    + """
local channel, message = ARGV[2], ARGV[3]
local generation, before = next_generation()
for index = 4, #ARGV do redis.call('HSET', news, ARGV[index], text(generation)) end
for _, field in ipairs(redis.call('HKEYS', news)) do
  local event_type = string.match(field, '^of:(.*)$')
  for index = 4, event_type and #ARGV or 0 do
    redis.call('DEL', prefix .. 'day:' .. event_type .. ':' .. ARGV[index])
    redis.call('HDEL', claims_of(event_type), ARGV[index])
  end
end
return told(channel, generation, before, message)
"""
)
"""These days of all event types are no longer true, and whoever listens hears of it.

`message` is told after the generation and the one before it, which are the answer, too: whoever has not
heard of the one before has missed something.
"""

LOSE = Script(
    _COMMON
    + _NEWS
    + """
local event_type, channel, message, lost = ARGV[2], ARGV[3], ARGV[4], 0
for index = 5, #ARGV do lost = lost + redis.call('DEL', day_at(event_type, ARGV[index])) end
if lost == 0 then return false end
local generation, before = next_generation()
return told(channel, generation, before, message)
"""
)
"""One event type is gone, with these days of it. Answers as `FORGET`, and nothing where none of them was kept: then
nobody has anything to hear.
"""
