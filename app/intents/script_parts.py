"""Lua that the steps of an intent have in common. `app.intents.scripts` says how all of it is kept."""

COMMON = """
local prefix = ARGV[1]
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function text(number) return string.format('%.0f', number) end
local function discard(name)
  redis.call('DEL', name)
  redis.pcall('INCR', prefix .. 'discarded')
  redis.call('PEXPIRE', prefix .. 'discarded', 2592000000)
end
local function sound(kind, name)
  local found = redis.call('TYPE', name)['ok']
  if found ~= kind and found ~= 'none' then discard(name) end
  return name
end
local function intent_at(id) return sound('hash', prefix .. 'intent:' .. id) end
local function key_at(key) return sound('hash', prefix .. 'key:' .. key) end
local function natural_at(natural) return sound('string', prefix .. 'natural:' .. natural) end
local function slot_at(slot) return sound('zset', prefix .. 'slot:' .. slot) end
local due = sound('zset', prefix .. 'due')
local function release(natural, slot, id)
  if natural and redis.call('GET', natural_at(natural)) == id then redis.call('DEL', natural_at(natural)) end
  if slot then redis.call('ZREM', slot_at(slot), id) end
end
local function forget(id, with_key)
  local at = intent_at(id)
  local names = redis.call('HMGET', at, 'key', 'natural', 'slot')
  if with_key and names[1] and redis.call('HGET', key_at(names[1]), 'intent') == id then
    redis.call('DEL', key_at(names[1]))
  end
  release(names[2], names[3], id)
  redis.call('ZREM', due, id)
end
local function drop(id)
  forget(id, true)
  redis.call('DEL', intent_at(id))
end
"""

NAMING = """
local naming = sound('hash', prefix .. 'naming')
local function time_in(field) return tonumber(redis.call('HGET', naming, field) or '') or 0 end
local function named()
  return {now - time_in('since'), redis.call('PTTL', naming), redis.call('HGETALL', naming)}
end
"""
