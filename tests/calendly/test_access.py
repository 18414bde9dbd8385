"""rig.Tokens that are renewed: which one is sent, what a refusal leads to, and what is told where there is none."""

from collections.abc import Callable, Iterator

import httpx
import pytest
import respx

from app.calendly.access import AccessError, AccessLateError, GrantDeadError
from app.calendly.client import CalendlyClient
from app.calendly.failures import AccessRefusedError, GrantLostError
from app.calendly.transport import Transport
from app.errors import AppError, UpstreamBusyError
from tests.calendly import rig
from tests.calendly.test_client import BOOKING


@pytest.fixture
def client_for(calendly: respx.Router) -> Callable[[rig.Tokens], CalendlyClient]:
    def made(tokens: rig.Tokens) -> CalendlyClient:
        options = rig.quick(open_pool=lambda: rig.canned(calendly))
        return CalendlyClient(
            Transport(origin=rig.ORIGIN, token=tokens, clock=lambda: rig.NOW, options=options)
        )

    return made


def _sent(route: respx.Route) -> list[str]:
    return [call.request.headers["authorization"].removeprefix("Bearer ") for call in route.calls]


def _answers(*statuses: int) -> Iterator[httpx.Response]:
    for status in statuses:
        yield httpx.Response(status, json=rig.resource(rig.user()) if status == 200 else {})


async def test_the_token_is_asked_for_at_each_call(
    calendly: respx.Router, client_for: Callable[[rig.Tokens], CalendlyClient]
) -> None:
    route = calendly.get("/users/me").respond(json=rig.resource(rig.user()))
    client = client_for(rig.Tokens(["first", "second"]))

    await client.get_current_user()
    await client.get_current_user()

    assert _sent(route) == ["first", "second"]


@pytest.mark.fault("U20")
async def test_what_is_refused_is_sent_once_more_with_another_token(
    calendly: respx.Router, client_for: Callable[[rig.Tokens], CalendlyClient]
) -> None:
    route = calendly.get("/users/me").mock(side_effect=_answers(401, 200))
    tokens = rig.Tokens(["old", "new"])

    await client_for(tokens).get_current_user()

    assert (_sent(route), tokens.refused) == (["old", "new"], ["old"])


@pytest.mark.fault("U20")
async def test_it_is_sent_no_third_time(
    calendly: respx.Router, client_for: Callable[[rig.Tokens], CalendlyClient]
) -> None:
    route = calendly.get("/users/me").mock(side_effect=_answers(401, 401))
    tokens = rig.Tokens(["old", "new", "newer"])

    with pytest.raises(AccessRefusedError):
        await client_for(tokens).get_current_user()

    assert (_sent(route), tokens.refused) == (["old", "new"], ["old"])


@pytest.mark.fault("U20")
async def test_where_no_other_token_comes_the_refusal_stands(
    calendly: respx.Router, client_for: Callable[[rig.Tokens], CalendlyClient]
) -> None:
    route = calendly.get("/users/me").mock(side_effect=_answers(401))

    with pytest.raises(AccessRefusedError) as caught:
        await client_for(rig.Tokens(["old"])).get_current_user()

    assert (len(route.calls), caught.value.upstream_status) == (1, 401)


async def test_a_booking_that_was_refused_is_sent_once_more(
    calendly: respx.Router, client_for: Callable[[rig.Tokens], CalendlyClient]
) -> None:
    """Calendly has not acted on it."""
    replies = [httpx.Response(401, json={}), httpx.Response(201, json=rig.resource(rig.invitee()))]
    route = calendly.post("/invitees").mock(side_effect=replies)

    await client_for(rig.Tokens(["old", "new"])).create_invitee(BOOKING)

    assert _sent(route) == ["old", "new"]


@pytest.mark.parametrize(
    ("failure", "error", "retry_after"),
    [
        pytest.param(GrantDeadError("revoked"), GrantLostError, 30, id="there will be none"),
        pytest.param(AccessLateError(7), UpstreamBusyError, 7, id="not now"),
    ],
)
async def test_without_a_token_nothing_is_sent(
    calendly: respx.Router,
    client_for: Callable[[rig.Tokens], CalendlyClient],
    failure: AccessError,
    error: type[AppError],
    retry_after: int | None,
) -> None:
    route = calendly.get("/users/me").respond(json=rig.resource(rig.user()))

    with pytest.raises(error) as caught:
        await client_for(rig.Tokens([], failure=failure)).get_current_user()

    assert (len(route.calls), caught.value.retry_after) == (0, retry_after)
