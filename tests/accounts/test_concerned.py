"""A booking changes its hosts' calendars: it is gone from all their teams' times, whoever these are read through."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

import httpx
import pytest
from msgspec.structs import replace
from starlette.applications import Starlette

from app.cache import keys
from app.webhooks.effects import DaysUntrue
from simulator.app import create_simulator
from simulator.server import server_config
from tests.support.accounts import account_of, connect, connecting_of, connecting_service, id_of, owned
from tests.support.hooks import eventually
from tests.support.hosted_pages import HostedPages
from tests.support.redis import RedisServer
from tests.support.service import Service, booking_body, plan_fault
from tests.support.serving import serve_config
from tests.support.simulation import ADA, GRACE, Simulation, StandingClock

IN_UTC = {"timeZone": "UTC"}
EIGHT = "2026-11-23T08:00:00+00:00"
"""Ada works by then, and Grace does not."""

LEARNT = timedelta(seconds=61)
"""After which event types are read again."""


@dataclass(frozen=True)
class Page:
    """Of a host at Calendly, for one event type. `account` and `event_type` are ids."""

    host: str
    account: str
    slug: str
    event_type: str


async def page_of(calendly: Simulation, host: str, token: str, slug: str) -> Page:
    event_type = await calendly.as_(token).event_type(slug)
    return Page(host, await id_of(calendly, token), slug, event_type["uri"].rpartition("/")[2])


@dataclass(frozen=True)
class Replicas:
    """Two of one service: visitors ask the first; Calendly's deliveries are carried out by the second."""

    asked: Service
    told: Service
    calendly: Simulation

    async def booked_at(self, page: Page, start: str) -> None:
        """And the delivery has come."""
        await HostedPages(self.calendly.http, page.host).book(page.slug, start)
        served = await owned(self.told).webhooks.hosts.of(page.account)
        assert served is not None
        begins = datetime.fromisoformat(start)
        await served.forget_days(DaysUntrue(begins, begins + timedelta(minutes=30), page.event_type))

    async def gone(self, slug: str, start: str) -> None:
        """Wait until this start is not offered any more. The clock stands still: nothing ages."""

        async def is_gone() -> bool:
            return start not in await self.asked.free(slug, **IN_UTC)

        await eventually(is_gone)


@pytest.fixture
async def replicas(bff: Service, calendly: Simulation, redis: RedisServer) -> AsyncIterator[Replicas]:
    """The second has just been started: it knows of the accounts, and nothing of what they publish."""
    await bff.get("/event-types")
    async with connecting_service(calendly, redis) as told:
        await connecting_of(told).roster.look()
        yield Replicas(bff, told, calendly)


async def test_whoever_does_not_know_what_a_host_publishes_tells_everybody_who_may_offer_a_teams_times(
    replicas: Replicas, calendly: Simulation
) -> None:
    ada = await account_of(replicas.asked, calendly, ADA)
    start = (await replicas.asked.free("panel", **IN_UTC))[0]
    await owned(replicas.told).cache.delete(keys.catalogue(ada.access))

    await replicas.booked_at(await page_of(calendly, "ada", ADA, "intro-call"), start)

    await replicas.gone("panel", start)


async def test_what_a_host_publishes_is_looked_up_again_by_a_replica_that_nobody_asks(
    replicas: Replicas, calendly: Simulation
) -> None:
    for slug in ("panel", "team-demo"):
        await calendly.change(slug, hosts=["ada"])
    await replicas.told.get("/event-types")
    calendly.clock.advance(seconds=LEARNT.total_seconds())
    await replicas.told.get("/event-types")
    await calendly.as_(GRACE).change("office-hours", hosts=["grace", "ada"], pooling_type="collective")
    calendly.clock.advance(seconds=LEARNT.total_seconds())
    start = (await replicas.asked.free("office-hours", **IN_UTC))[0]

    await replicas.booked_at(await page_of(calendly, "ada", ADA, "intro-call"), start)

    await replicas.gone("office-hours", start)


async def test_times_that_are_read_through_another_while_the_first_cannot_be_read_are_made_untrue(
    calendly: Simulation, redis: RedisServer
) -> None:
    """Grace's account is the one that a team's times are usually read through."""
    async with connecting_service(calendly, redis, availability_stale=LEARNT, stale_if_error=LEARNT) as bff:
        for user in ("ada", "grace"):
            assert (await connect(bff, calendly, user)).status_code == 200
        panel = (await bff.get("/event-types/panel")).json()
        page = await page_of(calendly, "grace", GRACE, "office-hours")
        calendly.clock.advance(seconds=40)
        await (await account_of(bff, calendly, ADA)).catalogue.reread()
        calendly.clock.advance(seconds=40)
        await plan_fault(calendly, "status", path="^/users/me$", times=1000, status=400)
        start = (await bff.free(panel["id"], **IN_UTC))[0]
        through = (await bff.get(f"/event-types/{panel['id']}")).json()["account"]

        await Replicas(bff, bff, calendly).booked_at(page, start)
        offered = await bff.free(panel["id"], **IN_UTC)

    assert (panel["account"], through) == ("grace", "ada")
    assert start not in offered


@pytest.fixture
async def trio() -> AsyncIterator[Simulation]:
    """A Calendly with a third host: Edith is in a team with Ada, and Ada in another one with Grace."""
    clock = StandingClock()
    app = create_simulator(clock=clock)
    _seat_edith(app)
    with serve_config(server_config(app, host="127.0.0.1", port=0)) as url:
        async with httpx.AsyncClient(base_url=url) as http:
            simulation = Simulation(http, clock)
            await simulation.change("panel", hosts=["ada", "edith"])
            yield simulation


def _seat_edith(app: Starlette) -> None:
    """She works when Ada does."""
    state = app.state.simulation
    ada = next(each for each in state.users.values() if each.slug == "ada")
    edith = replace(ada, uuid="EDITHAAAAAAAAAAA", slug="edith", name="Edith Example")
    state.users[edith.uuid] = edith


async def test_a_round_robin_booking_is_gone_from_the_times_of_its_hosts_other_teams(
    trio: Simulation, redis: RedisServer
) -> None:
    """It is made through Grace, and Ada is the host, whose other team's times are read through Edith."""
    async with connecting_service(trio, redis) as bff:
        for user in ("ada", "grace", "edith"):
            assert (await connect(bff, trio, user)).status_code == 200
        through = [
            (await bff.get(f"/event-types/{each}")).json()["account"] for each in ("team-demo", "panel")
        ]
        before = await bff.free("panel", **IN_UTC)
        assert (await bff.book(booking_body("team-demo", EIGHT))).status_code == 201

        async def is_gone() -> bool:
            return EIGHT not in await bff.free("panel", **IN_UTC)

        await eventually(is_gone)

    assert through == ["grace", "edith"]
    assert EIGHT in before


@asynccontextmanager
async def ada_unread(trio: Simulation, redis: RedisServer) -> AsyncIterator[Service]:
    """A replica that serves all three and knows nothing of what Ada publishes."""
    async with connecting_service(trio, redis) as bff:
        for user in ("ada", "grace", "edith"):
            assert (await connect(bff, trio, user)).status_code == 200
        await bff.get("/event-types")
        access = (await account_of(bff, trio, ADA)).access
        async with connecting_service(trio, redis) as replica:
            await connecting_of(replica).roster.look()
            await owned(replica).cache.delete(keys.catalogue(access))
            yield replica


async def concerned(bff: Service, trio: Simulation, token: str, slug: str) -> list[str]:
    """By a booking of this host's event type; the host first."""
    host = await account_of(bff, trio, token)
    event_type = (await trio.as_(token).event_type(slug))["uri"].rpartition("/")[2]
    found = await owned(bff).accounts.concerned(host, event_type)
    return [(await each.catalogue.account()).slug for each in found]


@pytest.mark.parametrize(
    ("booked", "expected"),
    [("team-demo", {"ada", "edith", "grace"}), ("office-hours", {"ada", "grace"})],
    ids=["of a team", "of one host"],
)
async def test_only_what_a_team_offers_may_have_been_given_to_a_host_of_whom_nothing_is_known(
    trio: Simulation, redis: RedisServer, booked: str, expected: set[str]
) -> None:
    async with ada_unread(trio, redis) as replica:
        found = await concerned(replica, trio, GRACE, booked)

    assert found[0] == "grace"
    assert set(found) == expected


async def test_whoever_is_in_no_team_is_not_concerned_by_a_host_of_whom_nothing_is_known(
    trio: Simulation, redis: RedisServer
) -> None:
    await trio.change("panel", hosts=["ada"])
    await trio.as_(GRACE).change("mentoring", hosts=["edith"])
    async with ada_unread(trio, redis) as replica:
        found = await concerned(replica, trio, ADA, "intro-call")

    assert found == ["ada", "grace"]


async def test_members_through_whom_no_team_is_read_are_not_concerned_by_what_one_has_to_do_elsewhere(
    trio: Simulation, redis: RedisServer
) -> None:
    await trio.change("panel", hosts=["ada", "edith", "grace"])
    async with connecting_service(trio, redis) as bff:
        for user in ("ada", "grace", "edith"):
            assert (await connect(bff, trio, user)).status_code == 200
        await bff.get("/event-types")
        found = await concerned(bff, trio, ADA, "intro-call")

    assert found == ["ada", "grace"]
