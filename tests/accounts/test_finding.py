"""One catalogue over several accounts: what is found, whose it is, and what one that fails takes along."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

import pytest

from app import API
from app.cache import keys
from tests.support.accounts import account_of, connect, connecting_of, connecting_service, owned, revoked
from tests.support.redis import RedisServer
from tests.support.service import Json, Service, booking_body, clear_calls, plan_fault, sent
from tests.support.simulation import ADA, GRACE, Simulation

TIMES = "/event_type_available_times"
WEEK = {"from": "2026-11-30", "to": "2026-12-06"}


async def _items(bff: Service, **params: str) -> list[Json]:
    answer = await bff.get("/event-types", **params)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def _id(bff: Service, slug: str) -> str:
    (found,) = await _items(bff, slug=slug)
    return str(found["id"])


@pytest.fixture
async def graceless(calendly: Simulation, redis: RedisServer, bff: Service) -> AsyncIterator[Service]:
    """Calendly has failed whenever Grace's account was read since this service began, and nothing is known of it."""
    await _items(bff)
    await owned(bff).cache.delete(keys.catalogue((await account_of(bff, calendly, GRACE)).access))
    await plan_fault(calendly, "status", path="^/users/me$", times=1000, status=400)
    async with connecting_service(calendly, redis) as service:
        await connecting_of(service).roster.look()
        yield service


@pytest.fixture
async def bereft(calendly: Simulation, redis: RedisServer, bff: Service) -> AsyncIterator[Service]:
    """Grace has taken her consent back, and nothing is known of her account any more."""
    await revoked(bff, calendly, GRACE)
    await owned(bff).cache.flushdb()
    async with connecting_service(calendly, redis) as service:
        await connecting_of(service).roster.look()
        yield service


async def test_event_types_are_found_by_id_and_by_slugs_that_only_one_account_has(bff: Service) -> None:
    for slug, account in (("intro-call", "ada"), ("office-hours", "grace")):
        by_slug = (await bff.get(f"/event-types/{slug}")).json()
        by_id = (await bff.get(f"/event-types/{by_slug['id']}")).json()

        assert by_slug == by_id
        assert by_slug["account"] == account


async def test_a_slug_that_two_accounts_have_is_unknown_and_their_ids_are_not(
    bff: Service, calendly: Simulation
) -> None:
    await calendly.as_(GRACE).change("office-hours", slug="intro-call")
    calendly.clock.advance(seconds=61)

    found = await _items(bff, slug="intro-call")

    assert sorted(each["account"] for each in found) == ["ada", "grace"]
    assert (await bff.get("/event-types/intro-call")).status_code == 404
    assert [(await bff.get(f"/event-types/{each['id']}")).status_code for each in found] == [200, 200]


async def test_what_two_accounts_host_together_is_offered_once(bff: Service) -> None:
    found = Counter(each["slug"] for each in await _items(bff))

    assert found["panel"] == found["team-demo"] == 1
    assert (
        "panel"
        in (await bff.get("/event-types/panel/form")).json()["schema"]["properties"]["eventTypeId"]["enum"]
    )


async def test_the_list_can_be_that_of_one_account(bff: Service) -> None:
    assert {each["account"] for each in await _items(bff)} == {"ada", "grace"}
    assert {each["account"] for each in await _items(bff, account="grace")} == {"grace"}
    assert await _items(bff, account="nobody") == []


async def test_the_list_of_one_account_has_its_teams_event_types_as_they_are_offered(
    bff: Service, calendly: Simulation
) -> None:
    """In its own order, with the ids that they have in the list of all, whoever they are offered through."""
    whole = {each["id"]: each for each in await _items(bff)}

    listed = {user: await _items(bff, account=user) for user in ("ada", "grace")}

    for user, token in (("ada", ADA), ("grace", GRACE)):
        own = await owned(bff).accounts.of_user(await calendly.as_(token).me())
        assert own is not None
        assert listed[user] == [whole[each.id] for each in own.catalogue.known()]
    through = [{each["account"] for each in items if each["slug"] == "panel"} for items in listed.values()]
    assert through == [{"grace"}, {"grace"}]
    assert [each["slug"] for each in await _items(bff, account="ada", slug="panel")] == ["panel"]


async def test_the_list_of_one_account_is_the_same_after_a_colleague_has_connected(
    calendly: Simulation, redis: RedisServer
) -> None:
    async with connecting_service(calendly, redis) as bff:
        await connect(bff, calendly, "ada")
        alone = [each["id"] for each in await _items(bff, account="ada")]
        await connect(bff, calendly, "grace")

        assert [each["id"] for each in await _items(bff, account="ada")] == alone


async def test_where_one_account_cannot_be_read_the_list_has_the_others_and_says_so(
    graceless: Service,
) -> None:
    every = (await graceless.get("/event-types")).json()
    of_ada = (await graceless.get("/event-types", account="ada")).json()
    of_grace = await graceless.get("/event-types", account="grace")

    assert {each["account"] for each in every["items"]} == {"ada"}
    assert (every["incomplete"], of_ada["incomplete"]) == (True, False)
    assert (of_grace.status_code, of_grace.json()["code"]) == (502, "upstream_failed")


async def test_where_one_account_cannot_be_read_ids_of_the_others_are_found_and_slugs_may_be_its_own(
    graceless: Service,
) -> None:
    id_ = await _id(graceless, "intro-call")

    answers = [await graceless.get(f"/event-types/{asked}") for asked in (id_, "intro-call", "anything")]

    assert [answer.status_code for answer in answers] == [200, 502, 502]


async def test_long_after_what_any_account_was_known_to_have_leads_to_calendlys_own_page(
    bff: Service, calendly: Simulation
) -> None:
    pages = {each["slug"]: each["hostedUrl"] for each in await _items(bff)}
    ids = {each["slug"]: each["id"] for each in await _items(bff)}
    await plan_fault(calendly, "status", times=1000, status=503)
    calendly.clock.advance(hours=1, minutes=1)

    for slug in ("intro-call", "office-hours", "panel"):
        answers = [
            await bff.http.get(API + path)
            for each in (slug, ids[slug])
            for path in (f"/event-types/{each}", f"/availability?eventTypeIds={each},anything")
        ]
        assert {answer.status_code for answer in answers} <= {502, 503}
        assert [answer.json().get("hostedUrl") for answer in answers] == [pages[slug]] * len(answers)
    unknown = (await bff.get("/event-types/anything")).json()
    assert unknown["status"] in {502, 503}
    assert "hostedUrl" not in unknown


async def test_what_two_accounts_host_together_is_found_while_one_of_them_cannot_be_read(
    graceless: Service,
) -> None:
    answer = await graceless.get(f"/event-types/{await _id(graceless, 'panel')}/availability", **WEEK)

    assert answer.status_code == 200


async def test_a_dead_account_of_which_nothing_is_known_hides_nothing_of_the_others(bereft: Service) -> None:
    id_ = await _id(bereft, "intro-call")
    asked = (id_, "intro-call", "intro-call/availability", "office-hours", "anything")

    answers = [await bereft.get(f"/event-types/{each}") for each in asked]
    booked = [
        await bereft.book(booking_body(slug, (await bereft.free(id_))[0]))
        for slug in ("intro-call", "office-hours", "anything")
    ]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 404, 404]
    assert [answer.status_code for answer in booked] == [201, 404, 404]


async def test_the_list_lacks_what_is_not_known_of_a_dead_account_and_says_so(bereft: Service) -> None:
    every = (await bereft.get("/event-types")).json()
    of_grace = (await bereft.get("/event-types", account="grace")).json()

    assert {each["account"] for each in every["items"]} == {"ada"}
    assert (every["incomplete"], of_grace) == (True, {"items": [], "incomplete": True})


async def test_ready_answers_of_one_account_stay_when_those_of_another_become_untrue(
    bff: Service, calendly: Simulation
) -> None:
    for slug in ("intro-call", "office-hours"):
        await bff.availability(slug, **WEEK)
    memory = owned(bff).answers.memory
    assert len(memory) == 2
    start = calendly.clock() + timedelta(days=7)

    await (await account_of(bff, calendly, ADA)).forget_days(start, start + timedelta(hours=1))

    assert len(memory) == 1
    await (await account_of(bff, calendly, GRACE)).forget_days(start, start + timedelta(hours=1))
    assert len(memory) == 0


async def test_a_booking_is_gone_though_another_account_was_waited_for(
    bff: Service, calendly: Simulation
) -> None:
    start = (await bff.free("intro-call", **WEEK))[0]
    await clear_calls(calendly)
    await plan_fault(calendly, "delay", path=TIMES, seconds=0.5)
    asking = asyncio.create_task(
        bff.get("/availability", eventTypeIds="intro-call,office-hours", **WEEK, timeZone="Europe/Berlin")
    )
    await sent(calendly, TIMES, "GET")

    await calendly.book("intro-call", start_time=start)
    instant = datetime.fromisoformat(start)
    await (await account_of(bff, calendly, ADA)).forget_days(instant, instant + timedelta(minutes=30))

    merged, id_ = (await asking).json(), await _id(bff, "intro-call")
    slots = [slot for day in merged["days"] for slot in day["slots"]]
    mine = {slot["start"] for slot in slots if id_ in {each["eventTypeId"] for each in slot["offers"]}}
    assert mine
    assert start not in mine


async def test_free_times_of_two_accounts_are_merged(bff: Service) -> None:
    slugs = ["intro-call", "office-hours"]

    merged = await bff.get("/availability", eventTypeIds=",".join(slugs), **WEEK, timeZone="Europe/Berlin")

    offered = {
        offer["eventTypeId"]: [
            slot["start"]
            for day in merged.json()["days"]
            for slot in day["slots"]
            if offer["eventTypeId"] in {each["eventTypeId"] for each in slot["offers"]}
        ]
        for day in merged.json()["days"]
        for slot in day["slots"]
        for offer in slot["offers"]
    }
    assert offered == {
        await _id(bff, slug): await bff.free(slug, **WEEK, timeZone="Europe/Berlin") for slug in slugs
    }
