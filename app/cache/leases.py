"""How long what one process reads for all is its own, and how others wait for it."""

from datetime import timedelta

LEASE = timedelta(seconds=1)
"""For which a reading belongs to whoever claimed it, from its last sign of life: so soon is a dead one replaced."""

SIGN_OF_LIFE = 0.3
"""Seconds between two."""

LOOK_AGAIN = 0.008
"""Seconds between two looks at what somebody else reads."""
