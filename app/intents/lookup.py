"""Looks at Calendly for a booking: the only thing that can tell whether one was made."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

import structlog

from app.calendly.client import CalendlyClient
from app.calendly.failures import AccessRefusedError
from app.calendly.models import Invitee, ScheduledEvent
from app.concurrency import together
from app.errors import NotFoundError, UpstreamError
from app.intents.model import Wanted

AROUND = timedelta(seconds=1)
"""On both sides of the start: whether the ends of Calendly's time filters belong to them is not documented."""

AT_ONCE = 4
"""Events whose invitees are read together: a team has one for each of its hosts, and a look has to end in time."""

log = structlog.get_logger()

Meant = Callable[[ScheduledEvent, Invitee], bool]


def _anybody(_event: ScheduledEvent, _invitee: Invitee) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class Sighting:
    """The booking, as Calendly has it."""

    event: ScheduledEvent
    invitee: Invitee


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen. Not `complete`: there are calendars that we may not look into, so nothing seen proves nothing."""

    sighting: Sighting | None
    complete: bool


async def look(client: CalendlyClient, wanted: Wanted, meant: Meant = _anybody) -> Look:
    """For the active booking of this person at this time; of several, for one that is `meant`.

    Calendly is asked by time alone, and addresses are compared here: what its own
    filters by address make of letter case is not documented, and one that is
    too strict would show a booking that was made as absent. So a look costs one call, one more
    for each event of this type and start (and for each further hundred of its
    invitees), and one for the invitee it finds. Raises `UpstreamError` where Calendly does not answer,
    and where a list is longer than anybody follows: half a list proves nothing.
    """
    events, complete = await _events(client, wanted)
    seated: list[Sighting] = []
    for few in (events[first : first + AT_ONCE] for first in range(0, len(events), AT_ONCE)):
        for each in await together(*(_seated(client, event) for event in few)):
            seated += each
    found = [each for each in seated if each.invitee.email.casefold() == wanted.email.casefold()]
    for sighting in sorted(found, key=lambda each: not meant(each.event, each.invitee)):
        if await _is_active(client, sighting.invitee):
            return Look(sighting, complete)
    return Look(None, complete)


async def _seated(client: CalendlyClient, event: ScheduledEvent) -> list[Sighting]:
    invitees = await client.list_event_invitees(client.id_from(event.uri), status="active")
    return [Sighting(event, invitee) for invitee in invitees]


async def _is_active(client: CalendlyClient, listed: Invitee) -> bool:
    """A list may still show what has just been canceled."""
    try:
        invitee = await client.get_event_invitee(client.id_from(listed.event), client.id_from(listed.uri))
    except NotFoundError:
        return False
    return invitee.status != "canceled"


async def _events(client: CalendlyClient, wanted: Wanted) -> tuple[list[ScheduledEvent], bool]:
    """Those that may be it. Of a team's event type any member may be the host, so all calendars are asked for."""
    if not wanted.pooled:
        return await _listed(client, wanted, user=wanted.user), True
    try:
        return await _listed(client, wanted, organization=wanted.organization), True
    except AccessRefusedError:
        own = await _listed(client, wanted, user=wanted.user)
        return own + await _hosted_by_colleagues(client, wanted, own), False


async def _hosted_by_colleagues(
    client: CalendlyClient, wanted: Wanted, own: list[ScheduledEvent]
) -> list[ScheduledEvent]:
    """In the calendars of those members whose accounts are here, but for what is in the own one. What cannot be read
    of them proves no less than those who are not here.
    """
    found = {event.uri: event for event in own}
    for colleague, user in await client.colleagues():
        try:
            found |= {event.uri: event for event in await _listed(colleague, wanted, user=user)}
        except UpstreamError as error:
            log.warning("intents.colleague_unread", error=error.code)
    return [event for uri, event in found.items() if uri not in {each.uri for each in own}]


async def _listed(
    client: CalendlyClient, wanted: Wanted, *, user: str | None = None, organization: str | None = None
) -> list[ScheduledEvent]:
    found = await client.list_scheduled_events(
        user=user,
        organization=organization,
        min_start_time=wanted.start - AROUND,
        max_start_time=wanted.start + AROUND,
        status="active",
    )
    return [
        event
        for event in found
        if event.event_type is not None
        and client.id_from(event.event_type) == wanted.event_type
        and event.start_time == wanted.start
    ]
