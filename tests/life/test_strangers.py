"""Whoever knows a name, an address and a time gets no hold of the booking that they belong to."""

from tests.life.stage import active, made, said, status_of
from tests.support.service import Service
from tests.support.simulation import INVITEE, Simulation

NINE_AT_CALENDLY, ELEVEN_AT_CALENDLY = (f"2026-11-23T{hour}:00:00.000000Z" for hour in ("08", "10"))


async def test_moving_to_where_somebody_of_the_same_name_is_gives_no_token_for_their_booking(
    bff: Service, calendly: Simulation
) -> None:
    stranger = await made(bff)  # as "Grace Example", which anybody can say
    await bff.free("intro-call")
    await calendly.book("intro-call", invitee=INVITEE, start_time=ELEVEN_AT_CALENDLY)

    answer = await bff.manage(stranger, "/reschedule", {"start": "2026-11-23T11:00:00+01:00"})

    assert said(answer) == (409, "slot_taken")
    assert await active(calendly) == [NINE_AT_CALENDLY, ELEVEN_AT_CALENDLY]
    assert await status_of(bff, stranger) == "confirmed"
