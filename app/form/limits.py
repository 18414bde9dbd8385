"""How long and how many: each limit is used by the request model, the check and the JSON Schema alike."""

from typing import Final

LINE: Final = 255
"""Characters of anything on one line: a name, a place, a short answer. Calendly's own limit for places."""

TEXT: Final = 10_000
"""Characters of a long answer: Calendly's limit for the only long text it documents."""

EMAIL: Final = 254
"""Characters: more cannot be delivered (RFC 5321)."""

GUESTS: Final = 10
"""Calendly's limit."""

ANSWERS: Final = 100
"""Far more than any booking form asks; also the most values one answer may list."""

ID: Final = 128
"""Characters of an event type's id or slug."""

PHONE: Final = 40
"""Characters of a phone number as people write it; E.164 itself has at most 16."""
