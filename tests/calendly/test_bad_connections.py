"""Bad days on real sockets: each ends in time, in a failure we can explain, with nothing left hanging."""

import asyncio
import socket
from typing import Any

import pytest

from app.calendly.client import CalendlyClient
from app.calendly.failures import NotSentError, OutcomeUnknownError
from app.calendly.models import NewBooking, NewInvitee
from app.errors import UpstreamFailedError, UpstreamTimeoutError
from tests.calendly import rig, servers
from tests.support.stopwatch import Stopwatch

GOOD = servers.json_reply(rig.resource(rig.user()))
BOOKED = servers.json_reply(rig.resource(rig.invitee()), status=201)
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
QUICK = {"read_deadline": rig.ms(400), "write_deadline": rig.ms(500), "connect_timeout": rig.ms(100)}


def booking_at(origin: str) -> NewBooking:
    return NewBooking(
        event_type=f"{origin}/event_types/INTROCALLAAAAAAA",
        start_time="2026-12-01T09:00:00.000000Z",
        invitee=NewInvitee(email="grace@example.test", timezone="Asia/Kolkata", name="Grace Example"),
    )


def client_to(origin: str, **changes: Any) -> CalendlyClient:
    return CalendlyClient(rig.transport_to(origin, **(QUICK | changes)))


@pytest.fixture
def closed_port() -> str:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.mark.fault("U02")
async def test_a_read_of_a_closed_port_fails(closed_port: str) -> None:
    client = client_to(closed_port)

    with pytest.raises(UpstreamFailedError):
        await client.get_current_user()

    await client.aclose()


@pytest.mark.fault("U02")
async def test_a_booking_at_a_closed_port_was_not_sent(closed_port: str) -> None:
    client = client_to(closed_port)

    with pytest.raises(NotSentError):
        await client.create_invitee(booking_at(closed_port))

    await client.aclose()


HANGING = [
    pytest.param(servers.silence, id="silence", marks=pytest.mark.fault("U05")),
    pytest.param(servers.drip(b"HTTP/1.1 200 OK\r\n", b"X: 1\r\n", 0.05), id="drip of headers"),
    pytest.param(
        servers.drip(HEAD + b"Content-Length: 9999\r\n\r\n", b" ", 0.05),
        id="drip of body",
        marks=pytest.mark.fault("U06"),
    ),
    pytest.param(
        servers.drip(HEAD + b"Content-Length: 9999\r\n\r\n{", b"", 3600), id="silence within the body"
    ),
]


@pytest.mark.parametrize("talk", HANGING)
async def test_a_read_ends_at_its_deadline(talk: servers.Talk) -> None:
    async with servers.serving(talk) as server:
        client = client_to(server.origin)
        watch = Stopwatch()

        with pytest.raises(UpstreamTimeoutError):
            await client.get_current_user()

        assert watch.stop() < 0.75
        await client.aclose()


@pytest.mark.parametrize("talk", HANGING)
async def test_a_booking_that_hangs_has_an_unknown_outcome(talk: servers.Talk) -> None:
    async with servers.serving(talk) as server:
        client = client_to(server.origin)
        watch = Stopwatch()

        with pytest.raises(OutcomeUnknownError):
            await client.create_invitee(booking_at(server.origin))

        assert watch.stop() < 0.9
        assert len(server.heads) == 1
        await client.aclose()


@pytest.mark.parametrize("talk", HANGING)
async def test_reads_work_again_after_a_hang(talk: servers.Talk) -> None:
    async with servers.serving(servers.first(talk, servers.always(GOOD))) as server:
        client = client_to(server.origin, read_slots=1)
        with pytest.raises(UpstreamTimeoutError):
            await client.get_current_user()
        await asyncio.sleep(0.5)

        user = await client.get_current_user()

        assert user.slug == "ada"
        await client.aclose()


BROKEN = [
    pytest.param(servers.cut(b""), id="closed at once", marks=pytest.mark.fault("U07")),
    pytest.param(servers.cut(b"", reset=True), id="reset at once", marks=pytest.mark.fault("U07")),
    pytest.param(
        servers.cut(GOOD[:-40], reset=True), id="reset within the body", marks=pytest.mark.fault("U07")
    ),
    pytest.param(servers.cut(GOOD[:-40]), id="cut short", marks=pytest.mark.fault("U15")),
    pytest.param(
        servers.always(servers.reply(b'{"resource":')), id="half JSON", marks=pytest.mark.fault("U15")
    ),
    pytest.param(servers.always(servers.reply(b'{"x":' + b"[" * 100_000)), id="JSON too deep"),
    pytest.param(servers.always(servers.reply(b'{"resource":{"uri":"\xff"}}')), id="bad UTF-8"),
    pytest.param(servers.cut(b"SSH-2.0-server\r\n"), id="not HTTP"),
]


@pytest.mark.parametrize("talk", BROKEN)
async def test_a_broken_read_is_repeated_once(talk: servers.Talk) -> None:
    async with servers.serving(servers.first(talk, servers.always(GOOD))) as server:
        client = client_to(server.origin)

        user = await client.get_current_user()

        assert user.slug == "ada"
        assert len(server.heads) == 2
        await client.aclose()


@pytest.mark.parametrize("talk", BROKEN)
async def test_a_read_that_breaks_twice_fails(talk: servers.Talk) -> None:
    async with servers.serving(talk) as server:
        client = client_to(server.origin)

        with pytest.raises(UpstreamFailedError):
            await client.get_current_user()

        assert len(server.heads) == 2
        await client.aclose()


@pytest.mark.parametrize("talk", BROKEN)
async def test_a_broken_booking_is_never_repeated(talk: servers.Talk) -> None:
    async with servers.serving(talk) as server:
        client = client_to(server.origin)

        with pytest.raises(OutcomeUnknownError):
            await client.create_invitee(booking_at(server.origin))

        assert len(server.heads) == 1
        await client.aclose()


@pytest.mark.fault("U07")
async def test_a_booking_on_a_connection_that_closes_under_it_has_an_unknown_outcome() -> None:
    hang_up = servers.first(servers.always(GOOD), servers.cut(b"", reset=True))
    async with servers.serving(hang_up) as server:
        client = client_to(server.origin)
        await client.get_current_user()

        with pytest.raises(OutcomeUnknownError):
            await client.create_invitee(booking_at(server.origin))

        assert (server.connections, len(server.heads)) == (1, 2)
        await client.aclose()


@pytest.mark.fault("U10")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(status: int) -> None:
    async with servers.serving(servers.always(GOOD)) as elsewhere:
        away = servers.reply(b"", status=status, headers=(f"Location: {elsewhere.origin}/users/me",))
        async with servers.serving(servers.always(away)) as server:
            client = client_to(server.origin)

            with pytest.raises(UpstreamFailedError):
                await client.get_current_user()

            assert elsewhere.connections == 0
            assert len(server.heads) == 1
            await client.aclose()


@pytest.mark.fault("U10")
@pytest.mark.parametrize(
    ("status", "failure"),
    [
        pytest.param(301, UpstreamFailedError, id="moved"),
        pytest.param(302, OutcomeUnknownError, id="found, perhaps after doing it"),
        pytest.param(303, OutcomeUnknownError, id="done, see there"),
        pytest.param(307, UpstreamFailedError, id="to be sent elsewhere"),
        pytest.param(308, UpstreamFailedError, id="to be sent elsewhere for good"),
    ],
)
async def test_a_redirected_booking_is_not_sent_elsewhere(status: int, failure: type[Exception]) -> None:
    async with servers.serving(servers.always(BOOKED)) as elsewhere:
        away = servers.reply(b"", status=status, headers=(f"Location: {elsewhere.origin}/invitees",))
        async with servers.serving(servers.always(away)) as server:
            client = client_to(server.origin)

            with pytest.raises(failure):
                await client.create_invitee(booking_at(server.origin))

            assert elsewhere.connections == 0
            await client.aclose()
