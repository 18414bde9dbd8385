"""What is told of a slot that another member of the team can still take: its days have changed, and no more."""

from datetime import UTC, datetime

import pytest

from app.streams.listener import Listener
from tests.features.live_replicas import (
    Replica,
    days_event,
    heard,
)
from tests.streams.ears import Ear
from tests.support.event_streams import listening
from tests.support.hooks import deliver, own, running_receiver
from tests.support.redis import RedisServer
from tests.support.simulation import Simulation

TEAM = "team-demo"
BOTH_WORK_AT = 14
"""The hour of UTC, in winter."""


async def test_a_slot_of_a_team_that_can_be_booked_again_is_not_said_to_be_taken(replica: Replica) -> None:
    id_, free = await replica.id_of(TEAM), await replica.free(TEAM)
    start = next(each for each in free if datetime.fromisoformat(each).astimezone(UTC).hour == BOTH_WORK_AT)
    async with listening(replica.port, TEAM) as source:
        await source.begun()
        await replica.book(start, TEAM)
        first = await heard(source, 1)
        still_free = start in await replica.free(TEAM)
        await replica.book(start, TEAM, invitee={"name": "Ada Example", "email": "ada@example.test"})

        assert (first, still_free) == ([days_event(id_, start)], True)
        assert await heard(source, 1) == [days_event(id_, start)]


@pytest.mark.parametrize(
    ("slug", "told"),
    [
        pytest.param("intro-call", ["slot.taken 09:00", "availability.changed"], id="one host"),
        pytest.param("panel", ["slot.taken 09:00", "availability.changed"], id="all hosts together"),
        pytest.param(TEAM, ["availability.changed"], id="any of several hosts"),
    ],
)
async def test_what_calendly_tells_of_a_booking_takes_its_slot_away_where_nobody_else_could_host_it(
    calendly: Simulation, redis: RedisServer, slug: str, told: list[str]
) -> None:
    async with running_receiver(calendly, redis) as bff:
        owned = bff.app.state.resources
        offered = await owned.accounts.find(slug)
        ear = Ear()
        listener = Listener(offered.event_type.id, ear.send, ear.cut)
        owned.hub.enter(offered.account.access, listener)
        await owned.hub.join(listener, None)
        seat = {"event_type": f"https://calendly.example.test/event_types/{offered.event_type.id}"}

        answer = await deliver(bff.http, await own(calendly, scheduled_event=seat), calendly.clock())

        assert answer.status_code == 204
        await ear.until(*told)
        owned.hub.leave(listener)
