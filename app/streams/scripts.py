"""The atomic steps of a log of happenings, in Lua. Time is that of Redis.

A log is a Redis stream. Each entry has an `epoch`, the same in all of them, and `news`, as JSON. So a log that was
evicted, and begun again, is known for another one. Where nothing has happened yet, it begins with an entry
without news: so there always is a position to go on from.
"""

from app.store.script import Script

_COMMON = """
local log, fresh, most, lifetime = ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local kind = redis.call('TYPE', log)['ok']
if kind ~= 'stream' and kind ~= 'none' then redis.call('DEL', log) end
local function epoch_of(entry) return entry[2][1] == 'epoch' and entry[2][2] or '' end
local function news_of(entry) return entry[2][3] == 'news' and entry[2][4] or '' end
local function position_of(entry) return epoch_of(entry) .. '-' .. entry[1] end
local last = redis.call('XREVRANGE', log, '+', '-', 'COUNT', 1)[1]
if last and not string.match(epoch_of(last), '^' .. string.rep('%x', 8) .. '$') then
  redis.call('DEL', log)
  last = nil
end
local function append(epoch, news)
  local id = redis.call('XADD', log, 'MAXLEN', '~', most, '*', 'epoch', epoch, 'news', news)
  redis.call('PEXPIRE', log, lifetime)
  return epoch .. '-' .. id
end
"""

TELL = Script(
    _COMMON
    + """
local once, channel, account, news = ARGV[6], ARGV[7], ARGV[8], ARGV[9]
if redis.call('EXISTS', once) == 1 then return 0 end
local before = last and position_of(last) or ''
local position = append(last and epoch_of(last) or fresh, news)
redis.call('PUBLISH', channel, account .. ' ' .. position .. ' ' .. before .. ' ' .. news)
redis.call('SET', once, '', 'PX', lifetime)
return 1
"""
)
"""Keep it and tell whoever listens, unless something of this name was told before.

What is published is the account, its position, that of the entry before it (or nothing) and the news, with blanks
between.
"""

SINCE = Script(
    _COMMON
    + """
local epoch, id, limit = ARGV[6], ARGV[7], tonumber(ARGV[8])
if last then redis.call('PEXPIRE', log, lifetime) end
local answer = {last and position_of(last) or append(fresh, ''), '1'}
if id == '' then return answer end
local found = redis.call('XRANGE', log, id, '+', 'COUNT', limit + 2)
local first = found[1]
if not first or first[1] ~= id or epoch_of(first) ~= epoch or #found > limit + 1 then
  answer[2] = '0'
  return answer
end
for index = 2, #found do
  answer[#answer + 1] = position_of(found[index])
  answer[#answer + 1] = news_of(found[index])
end
return answer
"""
)
"""The position of the last entry, whether the one that is asked for is still there, and all after it: positions and
news in turn. What nobody is to go on from is asked for with an empty id.
"""
