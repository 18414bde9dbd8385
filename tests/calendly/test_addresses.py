"""Where the token may go, and where it never does."""

import asyncio
import socket
import ssl
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import httpx
import pytest
import trustme
from structlog.testing import capture_logs

from app.calendly.addresses import Origin
from app.calendly.call import Call
from app.calendly.client import CalendlyClient
from app.calendly.failures import NotSentError, OutcomeUnknownError
from app.calendly.options import Deadline, TransportOptions
from app.calendly.sender import Sender
from app.errors import AppError, UpstreamFailedError, UpstreamTimeoutError
from tests.calendly import rig, servers
from tests.calendly.test_bad_connections import GOOD, booking_at
from tests.support.stopwatch import Stopwatch


@pytest.mark.parametrize(
    "origin",
    [
        "https://api.calendly.com",
        "https://api.calendly.com/",
        "http://127.0.0.1:8001",
        "http://[::1]:8001",
        "http://localhost:8001",
    ],
)
def test_https_and_this_machine_may_have_the_token(origin: str) -> None:
    assert rig.transport_to(origin).origin.host in origin


@pytest.mark.parametrize(
    "origin",
    [
        pytest.param("http://api.calendly.com", id="plain HTTP to elsewhere"),
        pytest.param("http://127.0.0.1.example.test", id="a name that looks like this machine"),
        pytest.param("ftp://127.0.0.1", id="another scheme"),
        pytest.param("api.calendly.com", id="no scheme"),
        pytest.param("https://", id="no host"),
        pytest.param("https://ada:pass@api.calendly.com", id="with a user"),
        pytest.param("https://api.calendly.com/v2", id="with a path"),
        pytest.param("https://api.calendly.com?x=1", id="with a query"),
        pytest.param("https://api.calendly.com#x", id="with a fragment"),
        pytest.param("https://api.calendly.com:port", id="no URL"),
    ],
)
def test_no_other_address_may_have_the_token(origin: str) -> None:
    with pytest.raises(ValueError, match="Calendly's address"):
        rig.transport_to(origin)


class DivertedOrigin(Origin):
    """What a path that is taken for another host would do: requests leave for another address than was asked."""

    def url(self, path: str, params: Mapping[str, str]) -> httpx.URL:
        return super().url(path, params).copy_with(host="elsewhere.example.test")


@pytest.mark.fault("U10")
async def test_a_request_that_is_led_astray_is_not_sent() -> None:
    sent: list[httpx.Request] = []

    def listen(request: httpx.Request) -> httpx.Response:
        sent.append(request)
        return httpx.Response(200)

    options = rig.quick(open_pool=lambda: httpx.MockTransport(listen))
    sender = Sender(DivertedOrigin.parse(rig.ORIGIN), rig.Tokens([rig.TOKEN]), options)
    call = Call(operation="get_current_user", path="/users/me", decode=bytes)

    with pytest.raises(UpstreamFailedError):
        await sender.send(call, Deadline(rig.ms(1000), monotonic))

    assert sent == []
    await sender.aclose()


async def test_proxies_of_the_environment_get_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    async with (
        servers.serving(servers.always(GOOD)) as proxy,
        servers.serving(servers.always(GOOD)) as server,
    ):
        monkeypatch.setenv("HTTP_PROXY", proxy.origin)
        monkeypatch.setenv("ALL_PROXY", proxy.origin)
        client = CalendlyClient(rig.transport_to(server.origin))

        await client.get_current_user()

        assert (proxy.connections, server.connections) == (0, 1)
        await client.aclose()


async def test_cookies_are_not_kept() -> None:
    data = servers.reply(GOOD.partition(b"\r\n\r\n")[2], headers=("Set-Cookie: edge=1",))
    async with servers.serving(servers.always(data)) as server:
        client = CalendlyClient(rig.transport_to(server.origin))

        await client.get_current_user()
        await client.get_current_user()

        assert not any(b"cookie" in head.lower() for head in server.heads)
        await client.aclose()


def trusting(authority: trustme.CA | None) -> ssl.SSLContext:
    context = httpx.create_ssl_context()
    if authority:
        authority.configure_trust(context)
    return context


def client_trusting(authority: trustme.CA | None, origin: str) -> CalendlyClient:
    context = trusting(authority)
    return CalendlyClient(
        rig.transport_to(
            origin,
            connect_timeout=rig.ms(300),
            read_deadline=rig.ms(1500),
            open_pool=lambda: httpx.AsyncHTTPTransport(verify=context),
        )
    )


def served_by(certificate: trustme.LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context


YESTERDAY = datetime.now(UTC) - timedelta(days=1)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


async def test_a_good_certificate_is_trusted(authority: trustme.CA) -> None:
    context = served_by(authority.issue_cert("127.0.0.1"))
    async with servers.serving(servers.always(GOOD), context) as server:
        client = client_trusting(authority, server.origin)

        user = await client.get_current_user()

        assert user.slug == "ada"
        await client.aclose()


@pytest.mark.fault("U03")
@pytest.mark.parametrize("kind", ["expired", "wrong host", "unknown authority"])
async def test_a_bad_certificate_gets_no_byte_and_no_second_chance(authority: trustme.CA, kind: str) -> None:
    certificate = {
        "expired": authority.issue_cert("127.0.0.1", not_after=YESTERDAY),
        "wrong host": authority.issue_cert("calendly.example.test"),
        "unknown authority": trustme.CA().issue_cert("127.0.0.1"),
    }[kind]
    async with servers.serving(servers.always(GOOD), served_by(certificate)) as server:
        client = client_trusting(authority, server.origin)

        with capture_logs() as logs, pytest.raises(UpstreamFailedError):
            await client.get_current_user()
        with pytest.raises(NotSentError):
            await client.create_invitee(booking_at(server.origin))

        assert (server.heads, server.connections) == ([], 0)
        assert [entry["event"] for entry in logs] == ["calendly.call", "calendly.untrusted"]
        await client.aclose()


@pytest.mark.fault("U03")
@pytest.mark.fault("U04")
async def test_a_server_that_never_shakes_hands_is_left_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as mute:
        origin = f"https://127.0.0.1:{mute.getsockname()[1]}"
        client = CalendlyClient(rig.transport_to(origin, connect_timeout=rig.ms(150)))
        watch = Stopwatch()

        with pytest.raises(UpstreamTimeoutError) as read:
            await client.get_current_user()
        with pytest.raises(NotSentError):
            await client.create_invitee(booking_at(origin))

        assert not isinstance(read.value, OutcomeUnknownError)
        assert watch.stop() < 1.2
        await client.aclose()


class NamelessLoop(asyncio.SelectorEventLoop):
    """An event loop in a world without name service: it fails at once, or hangs."""

    def __init__(self, delay: float) -> None:
        super().__init__()
        self._delay = delay

    async def getaddrinfo(self, *_args: Any, **_options: Any) -> list[Any]:
        await asyncio.sleep(self._delay)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")


@pytest.mark.fault("U01")
@pytest.mark.parametrize(
    ("delay", "failure"),
    [pytest.param(0, UpstreamFailedError, id="fails"), pytest.param(5, UpstreamTimeoutError, id="hangs")],
)
def test_without_name_service_a_read_fails_in_time_and_a_booking_is_not_sent(
    delay: float, failure: type[AppError]
) -> None:
    async def ask() -> float:
        client = CalendlyClient(rig.transport_to(rig.ORIGIN, connect_timeout=rig.ms(100)))
        watch = Stopwatch()
        with pytest.raises(failure):
            await client.get_current_user()
        with pytest.raises(NotSentError):
            await client.create_invitee(booking_at(rig.ORIGIN))
        await client.aclose()
        return watch.stop()

    with asyncio.Runner(loop_factory=lambda: NamelessLoop(delay)) as runner:
        spent = runner.run(ask())

    assert spent < 1


def test_the_wait_before_a_retry_is_short() -> None:
    waits = {TransportOptions().retry_wait() for _ in range(200)}

    assert min(waits) >= 0.05
    assert max(waits) <= 0.15
