"""What we add to a booking: the time it takes, without the time in which Calendly had something to answer.

One at a time, by turns: a booking through the service, and the bare call through
plain FastAPI and httpx. Both reach the simulator through a relay that notes when it was
being waited for; so the lookups that make our booking safe are no time of ours,
but all that we do between them is, the state store included.
"""

from contextlib import ExitStack
from datetime import timedelta

import msgspec

from benchmarks.browser import post
from benchmarks.effort import Effort
from benchmarks.figures import figure, ratios
from benchmarks.findings import Findings
from benchmarks.peers import roster
from benchmarks.relay import Relay, relaying
from benchmarks.stage import Stage, first_date
from benchmarks.visitor import Visitor, booking, days_of, starts_in

SLUG = "popular"
CREATED = 201
MILLISECONDS = 1000
BATCH = 8
"""Bookings of each kind in a round."""


def run_booking(stage: Stage, effort: Effort) -> Findings:
    stage.furnish(SLUG)
    ours, theirs = [], []
    with ExitStack() as stack:
        relay = stack.enter_context(relaying(stage.calendly_port))
        uri = f"{relay.address}/event_types/{stage.event_type_ids()[SLUG]}"
        service = stack.enter_context(stage.service(CALENDLY_API_URL=relay.address))
        uncached = stack.enter_context(roster.uncached(stage, relay.address))
        visitor = stack.enter_context(Visitor(service.port))
        other = stack.enter_context(Visitor(uncached.port))
        for number in range(-1, effort.rounds):
            stage.open_windows()
            day = first_date() + timedelta(days=number + 2)
            slots = starts_in(visitor.ask(days_of(SLUG, day, day)).answer)
            mine, plain = [], []
            for _ in range(BATCH):
                mine.append(_added(visitor, booking(SLUG, slots.pop()), relay))
                plain.append(_added(other, _plain(uri, slots.pop()), relay))
            if number >= 0:
                ours.append(figure(mine).median)
                theirs.append(figure(plain).median)
    shown = [figure(each).median * MILLISECONDS for each in (ours, theirs)]
    return Findings(
        figures={"booking.added": ratios(ours, theirs)},
        notes=[
            f"booking: {shown[0]:.1f} ms added by the service, {shown[1]:.1f} ms by plain FastAPI and httpx"
        ],
    )


def _added(visitor: Visitor, request: bytes, relay: Relay) -> float:
    answered = visitor.ask(request)
    assert answered.answer.status == CREATED, answered.answer.body
    return answered.seconds - relay.waited(answered.sent_at, answered.came_at)


def _plain(event_type: str, start: str) -> bytes:
    invitee = {"name": "Grace Example", "email": "grace@example.com", "timezone": "Europe/Berlin"}
    body = {"event_type": event_type, "start_time": start, "invitee": invitee}
    return post("/bookings", msgspec.json.encode(body))
