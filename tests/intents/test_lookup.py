"""Looking at Calendly: the booking of this person, this event type and this start, and nothing that is like it."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest
from pydantic import SecretStr

from app.calendly.client import CalendlyClient
from app.calendly.transport import Transport
from app.errors import UpstreamError
from app.intents.lookup import Look, look
from app.intents.model import Wanted
from tests.support.service import plan_fault
from tests.support.simulation import ADA, ADDRESSES, BASE, GRACE, INVITEE, Simulation

NOTHING = Look(None, complete=True)


@pytest.fixture
async def client(calendly: Simulation) -> Any:
    transport = Transport(origin=str(calendly.http.base_url), token=SecretStr(ADA), clock=calendly.clock)
    made = CalendlyClient(transport)
    yield made
    await made.aclose()


async def wanted(calendly: Simulation, slug: str = "intro-call", **changes: Any) -> Wanted:
    """The first free time of this event type, by the person whom the simulator books for."""
    account = await calendly.read(await calendly.me())
    kind = await calendly.event_type(slug)
    body = await calendly.booking(slug)
    usual: dict[str, Any] = {
        "user": account["uri"],
        "organization": account["current_organization"],
        "event_type": kind["uri"].rsplit("/", 1)[1],
        "start": body["start_time"],
        "email": INVITEE["email"],
        "name": INVITEE["name"],
        "pooled": slug == "team-demo",
    }
    return msgspec.convert(usual | changes, Wanted)


async def test_what_is_not_booked_is_not_seen(calendly: Simulation, client: CalendlyClient) -> None:
    assert await look(client, await wanted(calendly)) == NOTHING


async def test_what_is_booked_is_seen(calendly: Simulation, client: CalendlyClient) -> None:
    sought = await wanted(calendly)
    booked = await calendly.book("intro-call")

    seen = await look(client, sought)

    assert seen.complete
    assert seen.sighting is not None
    assert (seen.sighting.invitee.uri, seen.sighting.event.uri) == (booked["uri"], booked["event"])


@pytest.mark.parametrize("treatment", ADDRESSES)
@pytest.mark.parametrize(
    ("sought", "booked"),
    [
        pytest.param("Grace@Example.TEST", "grace@example.test", id="sought-in-another-case"),
        pytest.param("grace@example.test", "GRACE@example.test", id="booked-in-another-case"),
        pytest.param("STRASSE@example.test", "strasse@example.test", id="all-capitals"),
    ],
)
async def test_an_address_is_the_same_in_any_case(
    sought: str, booked: str, treatment: dict[str, bool], calendly: Simulation, client: CalendlyClient
) -> None:
    await calendly.assume(**treatment)
    search = await wanted(calendly, email=sought)
    invitee = await calendly.book("intro-call", invitee=INVITEE | {"email": booked})

    seen = await look(client, search)

    assert seen.sighting is not None
    assert seen.sighting.invitee.uri == invitee["uri"]


async def test_somebody_elses_booking_is_not_seen(calendly: Simulation, client: CalendlyClient) -> None:
    sought = await wanted(calendly, "workshop")
    await calendly.book("workshop", invitee=INVITEE | {"email": "other@example.test"})

    assert await look(client, sought) == NOTHING


async def test_of_a_group_the_right_one_is_seen(calendly: Simulation, client: CalendlyClient) -> None:
    sought = await wanted(calendly, "workshop")
    await calendly.book("workshop", invitee=INVITEE | {"email": "other@example.test"})
    mine = await calendly.book("workshop")

    seen = await look(client, sought)

    assert seen.sighting is not None
    assert seen.sighting.invitee.uri == mine["uri"]


async def test_of_more_than_a_page_the_right_one_is_seen(
    calendly: Simulation, client: CalendlyClient
) -> None:
    await calendly.settings(tier="enterprise")
    await calendly.change("workshop", seats=200)
    start = (await calendly.starts("workshop"))[1]  # the first one has its few seats already
    sought = await wanted(calendly, "workshop", start=start)
    body = await calendly.booking("workshop", start_time=start)
    for number in range(100):
        await calendly.send(body | {"invitee": INVITEE | {"email": f"guest{number}@example.test"}})
    mine = await calendly.book("workshop", start_time=start)

    seen = await look(client, sought)

    assert seen.sighting is not None
    assert seen.sighting.invitee.uri == mine["uri"]


async def test_half_a_list_is_no_look(calendly: Simulation, client: CalendlyClient) -> None:
    sought = await wanted(calendly)
    body = {"collection": [], "pagination": {"next_page": f"{BASE}/scheduled_events?page_token=other"}}
    await plan_fault(calendly, "status", path="/scheduled_events$", status=200, body=body)

    with pytest.raises(UpstreamError):
        await look(client, sought)


async def test_another_start_is_not_seen(calendly: Simulation, client: CalendlyClient) -> None:
    sought = await wanted(calendly)
    later = (await calendly.starts("intro-call"))[1]
    await calendly.book("intro-call", start_time=later)

    assert await look(client, sought) == NOTHING


@pytest.mark.parametrize("away", [-1.0, -0.5, 0.5, 1.0], ids=str)
async def test_a_start_is_this_start_and_not_one_nearby(
    away: float, calendly: Simulation, client: CalendlyClient
) -> None:
    """The window that is asked for is wider than the moment that is wanted."""
    sought = await wanted(calendly)
    await calendly.book("intro-call")

    nearby = msgspec.structs.replace(sought, start=sought.start + timedelta(seconds=away))

    assert await look(client, nearby) == NOTHING


@pytest.mark.parametrize("inclusive", [True, False], ids=["inclusive", "exclusive"])
async def test_it_is_seen_whatever_the_ends_of_a_window_mean(
    calendly: Simulation, client: CalendlyClient, *, inclusive: bool
) -> None:
    await calendly.assume(timeFiltersInclusive=inclusive)
    sought = await wanted(calendly)
    await calendly.book("intro-call")

    assert (await look(client, sought)).sighting is not None


async def test_another_event_type_at_the_same_time_is_not_seen(
    calendly: Simulation, client: CalendlyClient
) -> None:
    sought = await wanted(calendly)
    await calendly.book("no-place", start_time=(await calendly.booking("intro-call"))["start_time"])

    assert await look(client, sought) == NOTHING


async def test_a_canceled_booking_is_not_seen(calendly: Simulation, client: CalendlyClient) -> None:
    sought = await wanted(calendly)
    booked = await calendly.book("intro-call")
    await calendly.call("POST", f"{booked['event']}/cancellation", json={})

    assert await look(client, sought) == NOTHING


async def test_a_booking_after_a_canceled_one_is_seen(calendly: Simulation, client: CalendlyClient) -> None:
    sought = await wanted(calendly)
    first = await calendly.book("intro-call")
    await calendly.call("POST", f"{first['event']}/cancellation", json={})
    second = await calendly.book("intro-call")

    seen = await look(client, sought)

    assert seen.sighting is not None
    assert seen.sighting.invitee.uri == second["uri"]


async def pooled_at(calendly: Simulation, host: str) -> Wanted:
    """A booking of the team's event type, for which the other host had no time."""
    sought = await wanted(calendly, "team-demo")
    others = {"ada": (calendly.as_(GRACE), "office-hours"), "grace": (calendly, "intro-call")}
    both = [set(await speaker.starts(slug)) for speaker, slug in others.values()]
    start = min(set(await calendly.starts("team-demo")).intersection(*both))
    busy, slug = others[host]
    await busy.book(slug, start_time=start, invitee=INVITEE | {"email": "other@example.test"})
    await calendly.book("team-demo", start_time=start)
    return msgspec.structs.replace(sought, start=msgspec.convert(start, type(sought.start)))


@pytest.mark.parametrize("host", ["ada", "grace"])
async def test_whoever_of_a_team_hosts_it_it_is_seen(
    host: str, calendly: Simulation, client: CalendlyClient
) -> None:
    await calendly.settings(roles={"ada": "owner"})
    sought = await pooled_at(calendly, host)

    seen = await look(client, sought)

    assert seen.complete
    assert seen.sighting is not None
    assert seen.sighting.event.start_time == sought.start


async def test_who_may_not_see_the_team_sees_its_own_calendar(
    calendly: Simulation, client: CalendlyClient
) -> None:
    sought = await pooled_at(calendly, "ada")

    seen = await look(client, sought)

    assert not seen.complete
    assert seen.sighting is not None


async def test_who_may_not_see_the_team_knows_that_it_has_not_seen_all(
    calendly: Simulation, client: CalendlyClient
) -> None:
    sought = await pooled_at(calendly, "grace")

    assert await look(client, sought) == Look(None, complete=False)


@pytest.mark.fault("U23")
@pytest.mark.parametrize("status", [401, 403, 500], ids=str)
async def test_a_look_that_is_refused_is_no_look(
    status: int, calendly: Simulation, client: CalendlyClient
) -> None:
    sought = await wanted(calendly)
    await plan_fault(calendly, "status", path="/scheduled_events$", status=status, times=2)

    with pytest.raises(UpstreamError):
        await look(client, sought)


@pytest.mark.fault("B08")
async def test_a_look_that_breaks_off_half_way_is_no_look(
    calendly: Simulation, client: CalendlyClient
) -> None:
    sought = await wanted(calendly)
    await calendly.book("intro-call")
    await plan_fault(calendly, "status", path="/invitees$", status=500, times=2)

    with pytest.raises(UpstreamError):
        await look(client, sought)
