"""A grant that dies takes its own account's bookings along, and nothing else."""

import asyncio
from pathlib import Path

import pytest

from app.cache import keys
from app.doctor import Verdict, diagnose
from tests.soak.waiting import until
from tests.support.accounts import (
    account_of,
    connect,
    connecting_of,
    connecting_service,
    id_of,
    owned,
    revoked,
    settings_to_connect,
)
from tests.support.redis import STATE, RedisServer, running_redis
from tests.support.service import Json, Service, booking_body
from tests.support.simulation import ADA, GRACE, Simulation

BEYOND_STALE = {"minutes": 11}
"""Older free times than those that are given while they are read again."""

BEYOND_SHOWN = {"hours": 1, "minutes": 1}
"""Older than anything that may be shown."""

PARTS = ("", "/form", "/availability", "/availability/next")

MANAGED: tuple[tuple[str, Json | None], ...] = (
    ("", None),
    ("/calendar.ics", None),
    ("/cancel", {}),
    ("/reschedule", {"start": "2026-12-08T16:00:00+01:00"}),
)


@pytest.fixture
async def dead(bff: Service, calendly: Simulation) -> Json:
    """Grace has taken her consent back at Calendly: a body for one of her times, from before."""
    return await _killed(bff, calendly, BEYOND_STALE)


@pytest.fixture
async def long_dead(bff: Service, calendly: Simulation) -> Json:
    """The same, so long ago that nothing of hers may be shown; and nobody has asked since."""
    return await _killed(bff, calendly, BEYOND_SHOWN)


async def _killed(bff: Service, calendly: Simulation, ago: dict[str, int]) -> Json:
    body = await bff.booking("office-hours")
    await bff.free("intro-call")
    await revoked(bff, calendly, GRACE)
    calendly.clock.advance(**ago)
    return body


@pytest.fixture
async def booked(bff: Service) -> Json:
    """With Grace."""
    answer = await bff.book(await bff.booking("office-hours"))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def _page(calendly: Simulation) -> str:
    return str(calendly.http.base_url.join("/grace/office-hours"))


async def _known_id(bff: Service, calendly: Simulation, slug: str) -> str:
    known = (await account_of(bff, calendly, GRACE)).catalogue.known()
    return next(each.id for each in known if each.slug == slug)


async def _looked(bff: Service) -> Json:
    await connecting_of(bff).roster.look()
    return dict((await bff.http.get("/readyz")).json())


async def test_what_is_known_of_it_is_still_shown_and_marked(bff: Service, dead: Json) -> None:
    found = await bff.availability("office-hours")

    assert found["state"] == "stale"
    assert dead["start"] in [slot["start"] for day in found["days"] for slot in day["slots"]]


async def test_it_takes_no_bookings_and_names_calendlys_page(
    bff: Service, calendly: Simulation, dead: Json
) -> None:
    answer = await bff.book(dead)

    told = answer.json()
    assert (answer.status_code, told["code"]) == (503, "bookings_closed")
    assert told["hostedUrl"].startswith(
        f"{calendly.http.base_url}/grace/office-hours".replace("//grace", "/grace")
    )


@pytest.mark.usefixtures("dead")
async def test_the_other_account_goes_on(bff: Service) -> None:
    await bff.availability("office-hours")

    assert (await bff.availability("intro-call"))["state"] == "fresh"
    assert (await bff.book(await bff.booking("intro-call"))).status_code == 201


async def test_what_a_team_has_in_common_is_booked_through_a_member_who_lives(
    bff: Service, calendly: Simulation
) -> None:
    offered = (await bff.get("/event-types/team-demo")).json()["account"]
    through = {"ada": ADA, "grace": GRACE}[offered]
    body = await bff.booking("team-demo")
    await revoked(bff, calendly, through)
    calendly.clock.advance(**BEYOND_STALE)
    await bff.book(body)
    await _looked(bff)

    answer = await bff.book(await bff.booking("team-demo"))

    assert answer.status_code == 201, answer.text
    assert (await bff.get("/event-types/team-demo")).json()["account"] != offered


@pytest.mark.parametrize("hours", [2, 12])
async def test_long_after_the_others_are_found_and_booked_by_id_and_by_slug(
    bff: Service, calendly: Simulation, hours: int
) -> None:
    id_ = (await bff.get("/event-types/intro-call")).json()["id"]
    await bff.free("office-hours")
    await revoked(bff, calendly, GRACE)
    calendly.clock.advance(hours=hours)

    found = [await bff.get(f"/event-types/{each}{part}") for each in (id_, "intro-call") for part in PARTS]
    unknown = [await bff.get(f"/event-types/nonsense{part}") for part in PARTS]
    free = await bff.free(id_)
    checked = [await bff.preflight(booking_body(each, free[0])) for each in (id_, "intro-call", "nonsense")]

    assert [answer.status_code for answer in found] == [200] * len(found)
    assert [answer.status_code for answer in unknown] == [404] * len(unknown)
    assert [answer.status_code for answer in checked] == [200, 200, 404]
    assert (await bff.book(booking_body("intro-call", free[0]))).status_code == 201


async def test_it_stays_dead_while_the_state_store_is_away(
    calendly: Simulation, redis: RedisServer, tmp_path: Path
) -> None:
    with running_redis(tmp_path) as state:
        async with connecting_service(calendly, redis, state_url=state.url(STATE)) as bff:
            for user in ("ada", "grace"):
                await connect(bff, calendly, user)
            await revoked(bff, calendly, GRACE)
            await bff.get("/event-types/office-hours/availability")
            assert (await _looked(bff))["accounts"]["dead"] == 1
            await owned(bff).cache.delete(keys.catalogue((await account_of(bff, calendly, GRACE)).access))
        async with connecting_service(calendly, redis, state_url=state.url(STATE)) as bff:
            state.kill()

            answers = [await bff.get(f"/event-types/{slug}") for slug in ("intro-call", "nonsense")]

            assert [answer.status_code for answer in answers] == [200, 404]
            state.start()


async def test_long_after_it_says_that_it_is_closed_and_where_calendlys_page_is(
    bff: Service, calendly: Simulation, long_dead: Json
) -> None:
    id_ = await _known_id(bff, calendly, "office-hours")

    answers = [
        *[await bff.get(f"/event-types/{each}{part}") for each in (id_, "office-hours") for part in PARTS],
        await bff.preflight(long_dead),
        await bff.book(long_dead),
    ]

    told = [answer.json() for answer in answers]
    assert {(answer.status_code, each["code"]) for answer, each in zip(answers, told, strict=True)} == {
        (503, "bookings_closed")
    }
    assert {each["hostedUrl"] for each in told} == {_page(calendly)}
    assert {each["detail"] for each in told} == {"The owner of this calendar has to connect it again."}


@pytest.mark.parametrize("ago", [BEYOND_STALE, BEYOND_SHOWN], ids=["a while ago", "long ago"])
async def test_what_was_booked_is_read_canceled_and_moved_again_once_it_is_connected(
    bff: Service, calendly: Simulation, booked: Json, ago: dict[str, int]
) -> None:
    await revoked(bff, calendly, GRACE)
    calendly.clock.advance(**ago)

    refused = [await bff.manage(booked, part, body) for part, body in MANAGED]
    again = [await bff.manage(booked, part, body) for part, body in MANAGED]
    await connect(bff, calendly, "grace")
    calendly.clock.advance(seconds=2)

    async def is_canceled() -> bool:
        return (await bff.manage(booked, "/cancel", {})).status_code == 200

    for answer in refused + again:
        told = answer.json()
        assert (answer.status_code, told["code"], told["hostedUrl"]) == (
            503,
            "bookings_closed",
            _page(calendly),
        )
        assert answer.headers["Retry-After"] == "30"
    async with asyncio.timeout(10):
        await until(is_canceled, every=0.1)


async def test_who_has_no_token_learns_nothing_of_its_grant(
    bff: Service, calendly: Simulation, booked: Json
) -> None:
    await revoked(bff, calendly, GRACE)
    calendly.clock.advance(**BEYOND_SHOWN)
    stranger = booked | {"manage": {"token": "no-token-of-ours"}}

    assert {(await bff.manage(stranger, part, body)).status_code for part, body in MANAGED} == {404}


async def test_an_attempt_that_was_booked_is_not_called_closed(bff: Service, calendly: Simulation) -> None:
    """Whoever repeats it must not take it for one that booked nothing."""
    body = await bff.booking("office-hours")
    first = await bff.book(body, "key")
    await revoked(bff, calendly, GRACE)
    calendly.clock.advance(**BEYOND_SHOWN)

    again = await bff.book(body, "key")

    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json()["id"] == first.json()["id"]


@pytest.mark.usefixtures("dead")
async def test_it_is_counted_and_a_new_link_mends_it(bff: Service, calendly: Simulation) -> None:
    await bff.availability("office-hours")
    before = await _looked(bff)
    metrics = (await bff.http.get("/metrics")).text

    await connect(bff, calendly, "grace")
    calendly.clock.advance(seconds=2)

    assert (before["status"], before["accounts"]) == ("ready", {"open": 1, "dead": 1, "unreadable": 0})
    assert 'bff_accounts{state="dead"} 1.0' in metrics
    assert (await _looked(bff))["accounts"] == {"open": 2, "dead": 0, "unreadable": 0}

    async def is_booked() -> bool:
        return (await bff.book(await bff.booking("office-hours"))).status_code == 201

    async with asyncio.timeout(10):
        await until(is_booked, every=0.1)


async def test_where_it_is_the_only_one_the_service_is_degraded(
    calendly: Simulation, redis: RedisServer
) -> None:
    async with connecting_service(calendly, redis) as bff:
        assert (await bff.http.get("/readyz")).json()["status"] == "ready"
        await connect(bff, calendly, "grace")
        await revoked(bff, calendly, GRACE)
        calendly.clock.advance(**BEYOND_STALE)
        await bff.get("/event-types")

        told = await _looked(bff)

    assert (told["status"], told["accounts"]) == ("degraded", {"open": 0, "dead": 1, "unreadable": 0})


async def test_doctor_says_why_and_what_to_do(bff: Service, calendly: Simulation, redis: RedisServer) -> None:
    await revoked(bff, calendly, GRACE)
    settings = settings_to_connect(calendly, redis)

    async def found() -> dict[str, tuple[Verdict, str]]:
        findings = [each async for each in diagnose(settings, calendly.clock)]
        return {each.subject: (each.verdict, each.text) for each in findings}

    subject = f"account {await id_of(calendly, GRACE)}"
    first, then = await found(), await found()

    assert first[f"account {await id_of(calendly)}"] == (Verdict.FINE, "Calendly answers")
    assert first[subject][0] is then[subject][0] is Verdict.WRONG
    assert first[subject][1].startswith("Calendly refuses its token.")
    assert then[subject][1].startswith("Calendly no longer takes its refresh token.")
    assert first[subject][1].endswith("calendly-bff accounts link")


async def test_doctor_says_which_scopes_are_missing(calendly: Simulation, redis: RedisServer) -> None:
    async with connecting_service(calendly, redis) as bff:
        await connect(bff, calendly, "grace")
    settings = settings_to_connect(calendly, redis)
    wider = settings.calendly.model_copy(
        update={"oauth_scopes": f"{settings.calendly.oauth_scopes} scheduled_events:read organizations:read"}
    )

    findings = [
        each
        async for each in diagnose(settings.model_copy(update={"calendly": wider}), calendly.clock)
        if each.subject.startswith("account")
    ]

    assert [(each.verdict, each.text.partition(".")[0]) for each in findings] == [
        (Verdict.WRONG, "has not granted organizations:read")
    ]
