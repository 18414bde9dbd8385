"""When the pool is kept, when it is replaced, and that each one is closed in the end."""

import asyncio

import httpx
import pytest

from app.calendly.connections import Connections, pool_opener
from app.calendly.options import TransportOptions
from app.errors import UpstreamTimeoutError
from tests.calendly import rig, servers
from tests.calendly.test_bad_connections import GOOD, HEAD, client_to


class Pool(httpx.AsyncBaseTransport):
    def __init__(self) -> None:
        self.is_closed = False

    async def aclose(self) -> None:
        self.is_closed = True


class Opener:
    def __init__(self) -> None:
        self.opened: list[Pool] = []

    def __call__(self) -> Pool:
        self.opened.append(Pool())
        return self.opened[-1]

    @property
    def closed(self) -> list[bool]:
        return [pool.is_closed for pool in self.opened]


async def use(connections: Connections, failure: BaseException | None = None) -> None:
    async with connections.lend():
        await asyncio.sleep(0)
        if failure:
            raise failure


async def test_one_pool_serves_all_until_it_is_closed() -> None:
    opener = Opener()
    connections = Connections(opener)

    await asyncio.gather(*(use(connections) for _ in range(5)))
    await connections.aclose()

    assert opener.closed == [True]


@pytest.mark.parametrize("failure", [httpx.ReadError("x"), httpx.ReadTimeout("x"), httpx.ConnectError("x")])
async def test_a_failure_that_loses_no_connection_keeps_the_pool(failure: httpx.HTTPError) -> None:
    opener = Opener()
    connections = Connections(opener)

    with pytest.raises(httpx.HTTPError):
        await use(connections, failure)
    await use(connections)

    assert opener.closed == [False]
    await connections.aclose()


@pytest.mark.parametrize("failure", [asyncio.CancelledError(), httpx.PoolTimeout("x")])
async def test_a_failure_that_may_lose_a_connection_replaces_the_pool(failure: BaseException) -> None:
    opener = Opener()
    connections = Connections(opener)

    with pytest.raises(type(failure)):
        await use(connections, failure)
    await use(connections)

    assert opener.closed == [True, False]
    await connections.aclose()


async def test_a_replaced_pool_is_closed_only_after_its_last_user() -> None:
    opener = Opener()
    connections = Connections(opener)

    async with connections.lend():
        with pytest.raises(httpx.PoolTimeout):
            await use(connections, httpx.PoolTimeout("x"))
        closed_while_used = opener.closed

    assert (closed_while_used, opener.closed) == ([False], [True])


@pytest.mark.fault("U06")
async def test_a_dripping_body_gives_its_slot_back_at_the_deadline() -> None:
    drip = servers.drip(HEAD + b"Content-Length: 9999\r\n\r\n", b" ", 0.02)
    async with servers.serving(servers.first(drip, servers.always(GOOD))) as server:
        client = client_to(server.origin, read_slots=1, pool_timeout=rig.ms(150))
        with pytest.raises(UpstreamTimeoutError):
            await client.get_current_user()

        user = await client.get_current_user()

        assert user.slug == "ada"
        await client.aclose()


async def test_authorities_are_read_once_for_all_accounts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads them again, would not find them."""
    pool_opener(TransportOptions())
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere")

    await pool_opener(TransportOptions())().aclose()
