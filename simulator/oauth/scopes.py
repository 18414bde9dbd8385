"""Every scope that Calendly's table of scopes names. To write includes to read."""

from simulator.oauth.grants import ALL_SCOPES

_READ_AND_WRITE = (
    "availability",
    "contacts",
    "event_types",
    "meeting_recaps",
    "organizations",
    "scheduled_events",
    "webhooks",
)
_READ = (
    "activity_log",
    "groups",
    "locations",
    "outgoing_communications",
    "routing_forms",
    "users",
)
_WRITE = ("data_compliance", "scheduling_links", "shares")

SCOPES = frozenset(
    {
        ALL_SCOPES,
        *(f"{family}:{verb}" for family in _READ_AND_WRITE for verb in ("read", "write")),
        *(f"{family}:read" for family in _READ),
        *(f"{family}:write" for family in _WRITE),
    }
)
