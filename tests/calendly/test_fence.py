"""The last look before a booking is sent: after a no, the far end has not heard a byte of it."""

import asyncio
from typing import Any

import pytest

from app.calendly.client import CalendlyClient
from app.calendly.failures import NotSentError, OutcomeUnknownError
from tests.calendly import rig, servers
from tests.calendly.test_bad_connections import BOOKED, GOOD, booking_at, client_to

FENCED = 200


def never() -> bool:
    return False


class Answers:
    """Says yes or no as told, and counts how often it was asked."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self.asked = 0

    def __call__(self) -> bool:
        self.asked += 1
        return self._answers.pop(0) == "yes"


async def ended(server: servers.Server, connections: int = 1) -> list[bytes]:
    """What so many connections said beyond whole requests, when their client has closed them."""
    async with asyncio.timeout(2):
        return [await server.strays.get() for _ in range(connections)]


async def test_a_booking_that_may_not_be_sent_is_not_sent() -> None:
    async with servers.serving(servers.always(BOOKED)) as server:
        client = client_to(server.origin)

        with pytest.raises(NotSentError):
            await client.create_invitee(booking_at(server.origin), may_send=never)

        assert await ended(server) == [b""]
        assert (server.connections, server.heads) == (1, [])
        await client.aclose()


async def test_a_booking_that_may_not_be_sent_says_nothing_on_a_used_connection() -> None:
    async with servers.serving(servers.always(GOOD)) as server:
        client = client_to(server.origin)
        await client.get_current_user()

        with pytest.raises(NotSentError):
            await client.create_invitee(booking_at(server.origin), may_send=never)

        assert await ended(server) == [b""]
        assert (server.connections, len(server.heads)) == (1, 1)
        await client.aclose()


async def test_a_booking_that_may_be_sent_is_sent_once() -> None:
    may_send = Answers("yes")
    async with servers.serving(servers.always(BOOKED)) as server:
        client = client_to(server.origin)

        invitee = await client.create_invitee(booking_at(server.origin), may_send=may_send)

        assert (invitee.status, may_send.asked, len(server.heads)) == ("active", 1, 1)
        await client.aclose()


async def test_the_last_look_is_at_the_connection_and_not_before_it() -> None:
    may_send = Answers()
    async with servers.serving(servers.always(BOOKED)) as server:
        gone = server.origin
    client = client_to(gone)

    with pytest.raises(NotSentError):
        await client.create_invitee(booking_at(gone), may_send=may_send)

    assert may_send.asked == 0
    await client.aclose()


@pytest.mark.parametrize(("answer", "sent"), [("yes", 1), ("no", 0)])
async def test_a_second_attempt_is_looked_at_too(answer: str, sent: int) -> None:
    may_send = Answers(answer)
    hang = servers.first(servers.silence, servers.always(BOOKED))
    async with servers.serving(hang) as server:
        client = CalendlyClient(rig.transport_to(server.origin, max_connections=1, pool_timeout=rig.ms(50)))
        lost = asyncio.create_task(client.get_current_user())
        await asyncio.sleep(0.1)

        await asyncio.gather(
            client.create_invitee(booking_at(server.origin), may_send=may_send), return_exceptions=True
        )

        assert (may_send.asked, len(server.heads) - 1) == (1, sent)
        lost.cancel()
        await client.aclose()


async def test_what_may_have_arrived_is_not_looked_at_again() -> None:
    may_send = Answers("yes")
    async with servers.serving(servers.cut(b"", reset=True)) as server:
        client = client_to(server.origin)

        with pytest.raises(OutcomeUnknownError):
            await client.create_invitee(booking_at(server.origin), may_send=may_send)

        assert may_send.asked == 1
        await client.aclose()


async def test_bookings_that_may_not_be_sent_cost_no_connection() -> None:
    async with servers.serving(servers.always(BOOKED)) as server:
        four: dict[str, Any] = {"write_slots": 4, "max_connections": 4, "write_patience": rig.ms(15_000)}
        client = CalendlyClient(rig.transport_to(server.origin, **four))
        refused = [client.create_invitee(booking_at(server.origin), may_send=never) for _ in range(FENCED)]
        outcomes = await asyncio.gather(*refused, return_exceptions=True)

        together = await asyncio.gather(*(client.create_invitee(booking_at(server.origin)) for _ in range(4)))

        assert {type(outcome) for outcome in outcomes} == {NotSentError}
        assert {invitee.status for invitee in together} == {"active"}
        assert await ended(server, FENCED) == [b""] * FENCED
        await client.aclose()


async def test_a_last_look_that_fails_costs_no_connection() -> None:
    async with servers.serving(servers.always(BOOKED)) as server:
        client = client_to(server.origin, write_slots=1, max_connections=1)
        for _ in range(20):
            with pytest.raises(IndexError):
                await client.create_invitee(booking_at(server.origin), may_send=Answers())

        invitee = await client.create_invitee(booking_at(server.origin))

        assert (invitee.status, len(server.heads)) == ("active", 1)
        await client.aclose()
