"""A header that is a list may come in several lines (RFC 9110, 5.3): they are one list, whichever line says what."""

from collections.abc import Iterator, Sequence

import pytest

from app import API
from tests.support.ready_service import Served, serving
from tests.support.redis import RedisServer
from tests.support.simulation import Simulation
from tests.support.wire import status_of

PATH = f"{API}/event-types/intro-call/availability?from=2026-11-24&to=2026-11-25"
ORDERS = [pytest.param(1, id="as it is"), pytest.param(-1, id="the other way round")]


@pytest.fixture(params=["app.protocol:ReadyProtocol", "httptools"])
def served(calendly: Simulation, redis: RedisServer, request: pytest.FixtureRequest) -> Iterator[Served]:
    with serving(calendly, redis, http=request.param) as running:
        yield running


def _lines(name: str, values: Sequence[str]) -> dict[str, str]:
    """The same name twice, in two spellings."""
    return dict(zip((name, name.lower()), values, strict=True))


@pytest.mark.parametrize("order", ORDERS)
async def test_whoever_has_it_is_told_so_whichever_line_says_it(served: Served, order: int) -> None:
    async with served.wire() as wire:
        head, _ = await wire.ask(PATH)
        [tag] = [line.split(b": ")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"etag")]
        served.app.asked.clear()

        head, body = await wire.ask(PATH, **_lines("If-None-Match", ['"other"', tag.decode()][::order]))

    assert (status_of(head), body) == (304, b"")
    assert len(served.app.asked) == 1, "only what says nothing twice is answered before the application"


@pytest.mark.parametrize("order", ORDERS)
async def test_the_best_encoding_is_taken_whichever_line_allows_it(served: Served, order: int) -> None:
    async with served.wire() as wire:
        head, _ = await wire.ask(PATH, **_lines("Accept-Encoding", ["gzip", "br"][::order]))

    assert b"content-encoding: br\r\n" in head.lower()
