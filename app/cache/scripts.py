"""The atomic steps of the days in the cache, in Lua. Time is that of Redis: replicas need not agree on theirs. What
came before what, is counted: the clock of Redis may be set back, too.

All names of one account share a hash tag, so that one step can make the days of all its event types untrue:
`news` is a hash of `generation` (when something last became untrue, in microseconds), `epoch` (the generation at which
the hash was begun), `fence` (how many claims and news there have been since), by date, of the fence at which that date
last became untrue, and of the event types of which anything may be kept: `of:<event type>`.
`day:<event type>:<date>` is a day as it was read: 16 digits of the epoch, 16 digits, the microsecond of the reading by
the clock of whoever read it, and then its slots. `claims:<event type>` is a hash, by date, of who is reading it: an
epoch and a fence, and until when it is theirs. `answers:<maker>` is a hash of answers as they were sent, each after the
16 digits of the generation under which it was made; who made them matters, for another release or other settings would
have answered otherwise.

Redis may lose any of that: evict it, be flushed, or come back as it was some time ago. Without the `news` of an account
nothing of it can be trusted, for something may have become untrue meanwhile. So where they are not there, or whoever
asks has heard of later ones, they are begun anew, and what is of another epoch is as if it were not there.
"""

from app.store.script import RECORDS, Script

_COMMON = (
    RECORDS
    + """
local news, heard = sound('hash', prefix .. 'news'), tonumber(ARGV[2])
local function noted(field) return tonumber(redis.call('HGET', news, field)) or 0 end
local function digits(number) return string.format('%016.0f', number) end
-- Beyond 53 bits Lua counts no longer one by one.
local function counted(word)
  local number = tonumber(string.match(word or '', '^%d+$'))
  return number and number < 9007199254740992 and number
end
local begun = redis.call('HMGET', news, 'generation', 'epoch', 'fence')
local generation, epoch = counted(begun[1]), counted(begun[2])
local function begin_anew()
  generation = math.max(micros, heard + 1, (generation or 0) + 1)
  epoch = generation
  redis.call('DEL', news)
  redis.call('HSET', news, 'generation', text(generation), 'epoch', text(epoch))
  redis.call('PEXPIRE', news, 86400000)
end
local is_damaged = not generation or not epoch or begun[3] and not counted(begun[3])
if is_damaged or generation < heard then begin_anew() end
local function day_at(event_type, day)
  return sound('string', prefix .. 'day:' .. event_type .. ':' .. day)
end
local function kept_at(name)
  local value = redis.call('GET', name) or ''
  return string.sub(value, 1, 16) == digits(epoch) and string.sub(value, 17) or ''
end
local function reading_of(value, latest)
  local reading = string.match(value, '^%d+')
  reading = reading and #reading >= 16 and string.sub(reading, 1, 16) or ''
  return reading <= latest and reading or ''
end
local function answers_of(maker) return sound('hash', prefix .. 'answers:' .. maker) end
local function next_fence() return redis.call('HINCRBY', news, 'fence', 1) end
local function claims_of(event_type) return sound('hash', prefix .. 'claims:' .. event_type) end
local function claim_in(claims, day)
  local claim = redis.call('HGET', claims, day) or ''
  local began, fence, until_ = string.match(claim, '^(%d+) (%d+) (%d+)$')
  until_ = tonumber(until_ or 0)
  -- Nobody claims anything for as long as that: the clock was set back since.
  if began ~= text(epoch) or until_ > micros + 60000000 then return nil, 0 end
  return began .. ' ' .. fence, until_
end
local function failure_in(claims, day)
  local claim = redis.call('HGET', claims, day) or ''
  local began, fence, why = string.match(claim, '^(%d+) (%d+) ([%l_]+)$')
  if began ~= text(epoch) then return 0 end
  return tonumber(fence), why
end
"""
)

READ = Script(
    _COMMON
    + """
local found = {text(generation)}
for index = 4, #ARGV do found[index - 2] = kept_at(day_at(ARGV[3], ARGV[index])) end
return found
"""
)
"""The generation, and each day as it is kept, in the order asked; nothing where it is not, or not of this epoch."""

GENERATION = Script(_COMMON + "return text(generation)")

ANEW = Script(_COMMON + "if heard == 0 or epoch <= heard then begin_anew() end return text(generation)")
"""Nothing that is kept is to be trusted any more. Of several who find that out at once, the first has it begun anew."""

CLAIM = Script(
    _COMMON
    + """
local event_type, lease, latest, since = ARGV[3], tonumber(ARGV[4]), ARGV[5], ARGV[6]
local waits_from = tonumber(string.match(since, '^' .. text(epoch) .. ' (%d+)$'))
local claims = claims_of(event_type)
local fence = text(epoch) .. ' ' .. text(next_fence())
redis.call('HSET', news, 'of:' .. event_type, '')
local answers, granted = {fence}, false
for index = 7, #ARGV, 2 do
  local day, known = ARGV[index], ARGV[index + 1]
  local _, until_ = claim_in(claims, day)
  local failed_at, why = failure_in(claims, day)
  if reading_of(kept_at(day_at(event_type, day)), latest) > known then
    answers[#answers + 1] = 'newer'
  elseif until_ > micros then
    answers[#answers + 1] = 'claimed'
  elseif waits_from and failed_at > waits_from then
    answers[#answers + 1] = 'failed ' .. why
  else
    redis.call('HSET', claims, day, fence .. ' ' .. text(micros + lease))
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
those of the `latest` reading that can be believed, by the clock of whoever asks: a later one counts as none; and the
fence that was answered when whoever asks began to wait, or nothing.

Answers the fence, with its epoch, and for each day `granted`, `claimed` (somebody else is at it), `newer` (it has been
read since) or `failed`, and with what (whoever was at it has told so since).
"""

EXTEND = Script(
    _COMMON
    + """
local claims, fence, lease = claims_of(ARGV[3]), ARGV[4], tonumber(ARGV[5])
for index = 6, #ARGV do
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
local event_type, fence, lifetime, latest = ARGV[3], ARGV[4], ARGV[5], ARGV[6]
local claims, untrue = claims_of(event_type), {}
local began, number = string.match(fence, '^(%d+) (%d+)$')
for index = 7, #ARGV, 2 do
  local day, value = ARGV[index], ARGV[index + 1]
  local holder, until_ = claim_in(claims, day)
  local is_held, name = until_ > micros, day_at(event_type, day)
  if began ~= text(epoch) or noted(day) > tonumber(number) then
    untrue[#untrue + 1] = day
  elseif is_held and holder == fence
    or not is_held and reading_of(kept_at(name), latest) <= reading_of(value, latest) then
    redis.call('SET', name, digits(epoch) .. value, 'PX', lifetime)
  end
  if holder == fence then redis.call('HDEL', claims, day) end
end
return untrue
"""
)
"""Keep days that were read under a fence: pairs of a date and its value. `latest` as above.

What became untrue since, or may have in another epoch, is not kept, and named in the answer; nor is what somebody
else has claimed by now, for theirs is the newer reading, or has kept of a newer one.
"""

RELEASE = Script(
    _COMMON
    + """
local claims, why = claims_of(ARGV[3]), ARGV[5]
local failed = text(epoch) .. ' ' .. text(next_fence()) .. ' ' .. why
for index = 6, #ARGV do
  if claim_in(claims, ARGV[index]) == ARGV[4] then
    if why == '' then
      redis.call('HDEL', claims, ARGV[index])
    else
      redis.call('HSET', claims, ARGV[index], failed)
    end
  end
end
"""
)
"""They could not be read: whoever waits fails as well, where it is said with what, and may try where it is not."""

DISCARD = Script(
    _COMMON
    + """
for index = 4, #ARGV do redis.call('DEL', day_at(ARGV[3], ARGV[index])) end
"""
)
"""Nobody can read them."""

TAKE = Script(
    _COMMON
    + """
local current, found = digits(generation), {}
for name in string.gmatch(ARGV[4], '%S+') do
  local value = redis.call('HGET', answers_of(ARGV[3]), name)
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
local known, most, lifetime = ARGV[4], tonumber(ARGV[5]), ARGV[6]
local current = digits(generation)
if current > known then return end
local answers = answers_of(ARGV[3])
if redis.call('HLEN', answers) > most then redis.call('DEL', answers) end
for index = 7, #ARGV, 2 do redis.call('HSET', answers, ARGV[index], current .. ARGV[index + 1]) end
redis.call('PEXPIRE', answers, lifetime)
"""
)
"""Keep answers that were made by a process that had heard of everything up to the generation it says it knows.

Where there are too many, all of them go: they are made anew of their days.
"""

_NEWS = """
local function told(channel, message)
  local before = generation
  generation = math.max(micros, before + 1)
  redis.call('HSET', news, 'generation', text(generation))
  redis.call('PEXPIRE', news, 86400000)
  redis.call('PUBLISH', channel, text(generation) .. ' ' .. text(before) .. ' ' .. message)
  return {text(generation), text(before)}
end
"""

FORGET = Script(
    _COMMON
    + _NEWS
    + """
-- A full Redis lets whoever has deleted something write, too: this is to be told most of all.
redis.call('DEL', prefix .. 'nothing')
local channel, message, fence = ARGV[3], ARGV[4], next_fence()
for index = 5, #ARGV do redis.call('HSET', news, ARGV[index], text(fence)) end
for _, field in ipairs(redis.call('HKEYS', news)) do
  local event_type = string.match(field, '^of:(.*)$')
  for index = 5, event_type and #ARGV or 0 do
    redis.call('DEL', prefix .. 'day:' .. event_type .. ':' .. ARGV[index])
    redis.call('HDEL', claims_of(event_type), ARGV[index])
  end
end
return told(channel, message)
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
for index = 6, #ARGV do redis.call('DEL', day_at(ARGV[3], ARGV[index])) end
return told(ARGV[4], ARGV[5])
"""
)
"""One event type is gone, with these days of it. Answers as `FORGET`."""
