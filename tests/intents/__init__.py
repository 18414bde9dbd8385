"""The booking protocol in its parts: the machine, its steps in Lua, who carries an intent out, and who takes it up."""
