"""One atomic step in Redis, written in Lua."""

from hashlib import sha1


class Script:
    """The text of a step, and the digest under which Redis keeps it once it ran there."""

    def __init__(self, lua: str) -> None:
        self.lua = lua
        self.digest = sha1(lua.encode(), usedforsecurity=False).hexdigest()
