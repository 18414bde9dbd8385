"""Calling off: an event ends with its last invitee."""

from collections.abc import Sequence

from msgspec.structs import replace

from simulator.model import Cancellation, Invitee
from simulator.state import State
from simulator.webhooks.announcements import announce_invitee


def cancel(state: State, invitees: Sequence[Invitee], cancellation: Cancellation) -> None:
    """Some invitees of one event: each subscriber hears of each of them, once all are off."""
    now = cancellation.created_at
    canceled = [replace(invitee, cancellation=cancellation, updated_at=now) for invitee in invitees]
    for invitee in canceled:
        state.put_invitee(invitee)
    event = state.events[canceled[0].event]
    over = state.seats_taken(event) == 0
    state.put_event(replace(event, cancellation=cancellation if over else None, seeded=False, updated_at=now))
    for invitee in canceled:
        announce_invitee(state, "invitee.canceled", invitee)
