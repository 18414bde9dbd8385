"""A strict stand-in for Calendly: the same requests, refusals and limits, with state, on this machine."""
