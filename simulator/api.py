"""Calendly's operations as a table: path, what answers it, its scope, the query it knows."""

from simulator.endpoints import event_types, identity, no_shows, scheduled_events, webhook_subscriptions
from simulator.operations import AVAILABLE_TIMES_SCOPE, Operation
from simulator.paging import PAGING

WINDOW = frozenset({"start_time", "end_time"})
HOOK_SCOPE = frozenset({"organization", "scope", "user", "group"})

OPERATIONS: tuple[Operation, ...] = (
    Operation(method="GET", path="/users/{uuid}", answer=identity.get_user, scope="users:read"),
    Operation(
        method="GET",
        path="/organizations/{uuid}",
        answer=identity.get_organization,
        scope="organizations:read",
    ),
    Operation(
        method="GET",
        path="/locations",
        answer=identity.list_locations,
        scope="locations:read",
        query=frozenset({"user"}),
    ),
    Operation(
        method="GET",
        path="/event_types",
        answer=event_types.list_event_types,
        scope="event_types:read",
        query=PAGING
        | {"user", "organization", "active", "admin_managed", "user_availability_schedule", "sort"},
    ),
    Operation(
        method="GET",
        path="/event_types/{uuid}",
        answer=event_types.get_event_type,
        scope="event_types:read",
    ),
    Operation(
        method="GET",
        path="/event_type_memberships",
        answer=event_types.list_memberships,
        scope="event_types:read",
        query=PAGING | {"event_type"},
    ),
    Operation(
        method="GET",
        path="/event_type_available_times",
        answer=event_types.list_available_times,
        scope=AVAILABLE_TIMES_SCOPE,
        query=WINDOW | {"event_type"},
    ),
    Operation(
        method="GET",
        path="/user_busy_times",
        answer=identity.list_busy_times,
        scope="availability:read",
        query=WINDOW | {"user"},
    ),
    Operation(
        method="GET",
        path="/user_availability_schedules",
        answer=identity.list_schedules,
        scope="availability:read",
        query=frozenset({"user"}),
    ),
    Operation(
        method="GET",
        path="/user_availability_schedules/{uuid}",
        answer=identity.get_schedule,
        scope="availability:read",
    ),
    Operation(
        method="POST",
        path="/invitees",
        answer=scheduled_events.create_invitee,
        scope="scheduled_events:write",
        status=201,
        books=True,
    ),
    Operation(
        method="GET",
        path="/scheduled_events",
        answer=scheduled_events.list_events,
        scope="scheduled_events:read",
        query=PAGING
        | {
            "user",
            "organization",
            "group",
            "invitee_email",
            "status",
            "min_start_time",
            "max_start_time",
            "sort",
        },
    ),
    Operation(
        method="GET",
        path="/scheduled_events/{uuid}",
        answer=scheduled_events.get_event,
        scope="scheduled_events:read",
    ),
    Operation(
        method="GET",
        path="/scheduled_events/{uuid}/invitees",
        answer=scheduled_events.list_invitees,
        scope="scheduled_events:read",
        query=PAGING | {"status", "email", "sort"},
    ),
    Operation(
        method="GET",
        path="/scheduled_events/{uuid}/invitees/{invitee_uuid}",
        answer=scheduled_events.get_invitee,
        scope="scheduled_events:read",
    ),
    Operation(
        method="POST",
        path="/scheduled_events/{uuid}/cancellation",
        answer=scheduled_events.cancel_event,
        scope="scheduled_events:write",
        status=201,
    ),
    Operation(
        method="POST",
        path="/invitee_no_shows",
        answer=no_shows.create_no_show,
        scope="scheduled_events:write",
        status=201,
    ),
    Operation(
        method="GET",
        path="/invitee_no_shows/{uuid}",
        answer=no_shows.get_no_show,
        scope="scheduled_events:read",
    ),
    Operation(
        method="DELETE",
        path="/invitee_no_shows/{uuid}",
        answer=no_shows.delete_no_show,
        scope="scheduled_events:write",
        status=204,
    ),
    Operation(
        method="POST",
        path="/webhook_subscriptions",
        answer=webhook_subscriptions.create_subscription,
        scope="webhooks:write",
        status=201,
    ),
    Operation(
        method="GET",
        path="/webhook_subscriptions",
        answer=webhook_subscriptions.list_subscriptions,
        scope="webhooks:read",
        query=PAGING | HOOK_SCOPE | {"sort"},
    ),
    Operation(
        method="GET",
        path="/webhook_subscriptions/{uuid}",
        answer=webhook_subscriptions.get_subscription,
        scope="webhooks:read",
    ),
    Operation(
        method="DELETE",
        path="/webhook_subscriptions/{uuid}",
        answer=webhook_subscriptions.delete_subscription,
        scope="webhooks:write",
        status=204,
    ),
    Operation(
        method="GET",
        path="/sample_webhook_data",
        answer=webhook_subscriptions.get_sample,
        scope="webhooks:read",
        query=HOOK_SCOPE | {"event"},
    ),
)
