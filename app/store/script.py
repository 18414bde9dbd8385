"""One atomic step in Redis, written in Lua."""

from hashlib import sha1

RECORDS = """
local prefix = ARGV[1]
local time = redis.call('TIME')
local micros = time[1] * 1000000 + time[2]
local now = math.floor(micros / 1000)
local function text(number) return string.format('%.0f', number) end
local function sound(kind, name)
  local found = redis.call('TYPE', name)['ok']
  if found ~= kind and found ~= 'none' then redis.call('DEL', name) end
  return name
end
"""
"""How a step begins whose names all have the prefix that it is told first. `now` is the store's own time in ms, and
`micros` the same in microseconds; `sound` gives a name back, after it has deleted what stands there with another type.
"""


class Script:
    """The text of a step, and the digest under which Redis keeps it once it ran there."""

    def __init__(self, lua: str) -> None:
        self.lua = lua
        self.digest = sha1(lua.encode(), usedforsecurity=False).hexdigest()
