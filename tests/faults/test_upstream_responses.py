"""Answers of Calendly's that refuse, ask to wait, or are not as documented, while somebody books or needs a token."""

from collections import Counter
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from tests.calendly import servers
from tests.faults.detour import Detour
from tests.faults.scene import Scene, active, assert_problem, healed, made, sent, settings_on
from tests.faults.talks import refusing, saying, telling
from tests.oauth.examples import accepts
from tests.soak.holders import Holders
from tests.support.service import Json, Service, booking_body, clear_calls, plan_fault, running_service

LOOK = "^/scheduled_events$"
BOOKING = "^/invitees$"
CANCELLATION = "/cancellation$"
EVENT = "^/scheduled_events/[^/]+$"
TIMES = "^/event_type_available_times$"
EVERYTHING = "/"
DAY = 86_400


async def _two(bff: Service) -> tuple[Json, Json]:
    """Bodies for two times that are free."""
    first, second, *_ = await bff.free("intro-call")
    return booking_body("intro-call", first), booking_body("intro-call", second)


def _calls(way: Detour, path: str) -> int:
    return sum(each == path for _, each in way.taken)


@pytest.mark.fault("U11")
@pytest.mark.parametrize(
    "header", ["X-RateLimit-Reset: 60", "Retry-After: 60", "Retry-After: Mon, 23 Nov 2026 06:01:00 GMT"]
)
async def test_a_booking_that_is_one_too_many_says_how_long_to_wait_and_is_not_repeated(
    scene: Scene, header: str
) -> None:
    body, other = await _two(scene.bff)
    scene.way.block("POST", BOOKING, refusing(429, header))

    answer = await scene.bff.book(body, "key")
    next_one = await scene.bff.book(other, "another")

    for each in (answer, next_one):
        assert_problem(each, 503, "booking_quota_spent")
        assert 50 <= each.json()["retryAfter"] <= 60
        assert each.json()["hostedUrl"].startswith("http")
    assert _calls(scene.way, "/invitees") == 1


@pytest.mark.fault("U11")
async def test_once_the_wait_is_over_the_same_key_books(scene: Scene) -> None:
    body = await scene.bff.booking()
    scene.way.block("POST", BOOKING, refusing(429, "X-RateLimit-Reset: 1"))
    refused = await scene.bff.book(body, "key")
    await scene.way.mend()

    answer = await _when_open(scene.bff, body)

    assert_problem(refused, 503, "booking_quota_spent")
    assert (answer.status_code, await sent(scene.calendly)) == (201, 1)


async def _when_open(bff: Service, body: Json) -> httpx.Response:
    answers: list[httpx.Response] = []

    async def is_answered() -> bool:
        answers.append(await bff.book(body, "key"))
        return answers[-1].status_code != 503

    await healed(is_answered)
    return answers[-1]


@pytest.mark.fault("U11")
async def test_while_bookings_have_to_wait_a_booking_can_be_read_and_canceled(scene: Scene) -> None:
    booking = await made(scene.bff)
    scene.way.block("POST", BOOKING, refusing(429, "X-RateLimit-Reset: 60"))
    await scene.bff.book(await scene.bff.booking("no-place"), "key")

    read = await scene.bff.manage(booking)
    canceled = await scene.bff.manage(booking, "/cancel", {})

    assert (read.json()["status"], canceled.json()["status"]) == ("confirmed", "canceled")


@pytest.mark.fault("U11")
async def test_a_cancellation_that_has_to_wait_says_how_long(scene: Scene) -> None:
    booking = await made(scene.bff)
    scene.way.block("POST", CANCELLATION, refusing(429, "X-RateLimit-Reset: 30"))

    answer = await scene.bff.manage(booking, "/cancel", {})

    assert_problem(answer, 503, "upstream_busy")
    assert 25 <= answer.json()["retryAfter"] <= 30
    assert _calls(scene.way, scene.way.taken[-1][1]) == 1
    assert len(await active(scene.calendly)) == 1


@pytest.mark.fault("U12")
@pytest.mark.parametrize(
    "headers",
    [
        pytest.param((), id="none"),
        pytest.param(("X-RateLimit-Reset: -5", "Retry-After: -5"), id="negative"),
        pytest.param(("X-RateLimit-Reset: 1000000000000",), id="for ever"),
        pytest.param(("X-RateLimit-Reset: soon", "Retry-After: later"), id="words"),
        pytest.param(("Retry-After: 1e9",), id="a float"),
    ],
)
async def test_a_wait_that_makes_no_sense_is_put_within_bounds(
    scene: Scene, headers: tuple[str, ...]
) -> None:
    body = await scene.bff.booking()
    scene.way.block("POST", BOOKING, refusing(429, *headers))

    answer = await scene.bff.book(body, "key")

    assert_problem(answer, 503, "booking_quota_spent")
    assert 1 <= answer.json()["retryAfter"] <= DAY
    assert _calls(scene.way, "/invitees") == 1


@pytest.mark.fault("U13")
@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_while_calendly_fails_bookings_are_not_sent_and_cost_it_little(
    scene: Scene, status: int
) -> None:
    body = await scene.bff.booking()
    scene.way.block("GET", EVERYTHING, refusing(status))
    scene.way.taken.clear()

    answers = [await scene.bff.book(body, "key") for _ in range(5)]
    asked = len(scene.way.taken)
    await scene.way.mend()
    again = await scene.bff.book(body, "key")

    for answer in answers:
        assert_problem(answer, 502, "upstream_failed")
        assert answer.json()["hostedUrl"].startswith("http")
    assert asked <= 2 * len(answers)
    assert (again.status_code, await sent(scene.calendly)) == (201, 1)


@pytest.mark.fault("U13")
@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_booking_that_fails_at_calendly_is_found_out_and_not_repeated_meanwhile(
    scene: Scene, status: int
) -> None:
    body = await scene.bff.booking()
    scene.way.block("POST", BOOKING, refusing(status), lets_through=True)

    answers = [await scene.bff.book(body, "key") for _ in range(3)]
    booking = await scene.bff.settled(answers[0].json())

    assert [answer.status_code for answer in answers] == [202, 202, 202]
    assert (booking["status"], await sent(scene.calendly)) == ("confirmed", 1)


def _resource(**changes: Any) -> Any:
    return telling(lambda told: {"resource": told["resource"] | changes})


@pytest.mark.fault("U16")
@pytest.mark.parametrize(
    ("method", "path", "changes"),
    [
        pytest.param("POST", BOOKING, {"mood": {"stars": 5}}, id="booking, new field"),
        pytest.param("POST", BOOKING, {"status": "hovering"}, id="booking, unknown status"),
        pytest.param("GET", EVENT, {"location": {"type": "hologram"}}, id="event, unknown place"),
        pytest.param("GET", EVENT, {"location": None}, id="event, no place"),
        pytest.param("GET", EVENT, {"mood": None, "invitees_counter": None}, id="event, no counter"),
    ],
)
async def test_what_a_booking_is_answered_with_may_be_new(
    scene: Scene, method: str, path: str, changes: Json
) -> None:
    body = await scene.bff.booking()
    scene.way.block(method, path, _resource(**changes), lets_through=True)

    answer = await scene.bff.book(body)
    read = await scene.bff.manage(answer.json())

    assert (answer.status_code, answer.json()["status"]) == (201, "confirmed")
    assert (read.status_code, read.json()["status"]) == (200, "confirmed")


@pytest.mark.fault("U17")
@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"uri": None}, id="null"),
        pytest.param({"uri": 7}, id="wrong type"),
        pytest.param({"event": "https://elsewhere.example.test/scheduled_events/E"}, id="another host"),
        pytest.param({"email": {}}, id="no text"),
    ],
)
async def test_a_booking_whose_answer_is_broken_is_found_out_and_not_repeated(
    scene: Scene, changes: Json
) -> None:
    body = await scene.bff.booking()
    scene.way.block("POST", BOOKING, _resource(**changes), lets_through=True)

    answer = await scene.bff.book(body, "key")
    booking = await scene.bff.settled(answer.json())

    assert (answer.status_code, booking["status"]) == (202, "confirmed")
    assert await sent(scene.calendly) == 1


@pytest.mark.fault("U17")
@pytest.mark.parametrize(
    "changes", [{"start_time": None}, {"end_time": "tomorrow"}, {"uri": 7}, {"status": None}], ids=str
)
async def test_a_broken_event_costs_no_booking(scene: Scene, changes: Json) -> None:
    body = await scene.bff.booking()
    scene.way.block("GET", EVENT, _resource(**changes), lets_through=True)

    answer = await scene.bff.book(body, "key")
    read = await scene.bff.manage(answer.json())

    assert (answer.status_code, answer.json()["status"]) == (201, "confirmed")
    assert_problem(read, 502, "upstream_failed")


@pytest.mark.fault("U18")
@pytest.mark.parametrize("end", ["?page_token=again", ":1/elsewhere"], ids=["circle", "elsewhere"])
async def test_a_look_whose_pages_lead_nowhere_sends_nothing(scene: Scene, end: str) -> None:
    body = await scene.bff.booking()
    nowhere = scene.way.origin + (end if end.startswith(":") else f"/scheduled_events{end}")
    pages = {"next_page": nowhere, "count": 1}
    scene.way.block("GET", LOOK, saying(servers.json_reply({"collection": [], "pagination": pages})))

    answer = await scene.bff.book(body, "key")
    await scene.way.mend()
    again = await scene.bff.book(body, "key")

    assert_problem(answer, 502, "upstream_failed")
    assert (again.status_code, await sent(scene.calendly)) == (201, 1)


@pytest.mark.fault("U19")
@pytest.mark.parametrize("seconds", [-600, 600], ids=["behind", "ahead"])
async def test_a_calendly_whose_clock_is_off_books_and_cancels_as_ever(scene: Scene, seconds: int) -> None:
    await scene.calendly.settings(clockOffsetSeconds=seconds)
    body = booking_body("intro-call", (await scene.bff.free("intro-call"))[8])

    with capture_logs() as logged:
        booking = await scene.bff.book(body)
    canceled = await scene.bff.manage(booking.json(), "/cancel", {})

    assert (booking.status_code, canceled.json()["status"]) == (201, "canceled")
    assert "calendly.clock_skewed" in {each["event"] for each in logged}


@pytest.mark.fault("U20")
async def test_a_revoked_token_is_never_the_visitors_fault_and_the_key_stays_free(scene: Scene) -> None:
    body, other = await _two(scene.bff)
    booking = (await scene.bff.book(body)).json()
    for method in ("GET", "POST"):
        scene.way.block(method, EVERYTHING, refusing(401))
    scene.way.taken.clear()

    answers = [
        await scene.bff.book(other, "key"),
        await scene.bff.manage(booking),
        await scene.bff.manage(booking, "/cancel", {}),
    ]
    asked = len(scene.way.taken)
    await scene.way.mend()
    again = await scene.bff.book(other, "key")

    for answer in answers:
        assert_problem(answer, 502, "upstream_refused_us")
    assert answers[0].json()["hostedUrl"].startswith("http")
    assert asked <= 2 * len(answers)
    assert (again.status_code, len(await active(scene.calendly))) == (201, 2)


@pytest.mark.fault("U21")
async def test_fifty_who_need_a_token_that_has_expired_cost_one_refresh_over_four_processes(
    holders: Holders,
) -> None:
    await holders.expire()
    await plan_fault(holders.calendly, "delay", path="^/oauth/token$", seconds=0.4)

    pids = [await holders.start(callers=callers) for callers in (13, 13, 12, 12)]
    words = await holders.said(pids)

    stored = await holders.stored()
    told = sum((Counter(word.told) for word in words), Counter[str]())
    assert told == {stored.access_token: 50}
    assert (stored.generation, await holders.refreshes()) == (2, [200])
    assert await accepts(holders.calendly, SecretStr(stored.access_token))


@pytest.mark.fault("U21")
async def test_who_waits_for_a_refresh_that_takes_too_long_waits_two_seconds_at_most(
    holders: Holders,
) -> None:
    await holders.expire()
    await plan_fault(holders.calendly, "delay", path="^/oauth/token$", times=9, seconds=0.9)
    slow = await holders.start(callers=1)
    await holders.begun()
    holders.kill(slow)
    await holders.bury(slow)

    [word] = await holders.said([await holders.start(callers=10)])

    assert word.slowest < 3
    assert set(word.told or ()) <= {(await holders.stored()).access_token, "late"}


@pytest.mark.fault("U23")
async def test_a_plan_that_no_longer_books_leads_to_the_hosted_page_and_reads_go_on(scene: Scene) -> None:
    body = await scene.bff.booking()
    denied = {"title": "Permission Denied", "message": "marker", "details": []}
    scene.way.block("POST", BOOKING, refusing(403, body=denied))

    with capture_logs() as logged:
        answer = await scene.bff.book(body, "key")
    starts = await scene.bff.free("intro-call")
    await scene.way.mend()
    again = await scene.bff.book(body, "key")

    assert_problem(answer, 502, "upstream_refused_us")
    assert answer.json()["hostedUrl"].startswith("http")
    assert "scheduled_events:write" in str(logged)
    assert body["start"] in starts
    assert (again.status_code, _calls(scene.way, "/invitees")) == (201, 2)


@pytest.mark.fault("U23")
async def test_a_token_that_may_not_cancel_leaves_the_booking(scene: Scene) -> None:
    await clear_calls(scene.calendly)
    booking = await made(scene.bff)
    scopes = ["users:read", "event_types:read", "availability:read", "scheduled_events:read"]
    await scene.calendly.settings(scopes={scene.calendly.token: scopes})

    answer = await scene.bff.manage(booking, "/cancel", {})

    assert_problem(answer, 502, "upstream_refused_us")
    assert (await scene.bff.manage(booking)).json()["status"] == "confirmed"


@pytest.mark.fault("U24")
@pytest.mark.parametrize(
    "changes", [{"active": False}, {"secret": True}, {"deleted_at": "2026-11-23T06:00:00Z"}], ids=str
)
async def test_a_booking_outlives_its_event_type(scene: Scene, changes: Json) -> None:
    booking = await made(scene.bff)
    later = (await scene.bff.free("intro-call"))[3]
    await scene.calendly.change("intro-call", **changes)
    scene.calendly.clock.advance(minutes=10)

    moved = await scene.bff.manage(booking, "/reschedule", {"start": later})
    read = await scene.bff.manage(booking)
    canceled = await scene.bff.manage(booking, "/cancel", {})

    assert_problem(moved, 409, "use_hosted_page")
    assert moved.json()["hostedUrl"].startswith("http")
    assert (read.json()["status"], canceled.json()["status"]) == ("confirmed", "canceled")


@pytest.mark.fault("U25")
async def test_times_that_have_all_gone_are_told_as_taken_without_alternatives(scene: Scene) -> None:
    body = await scene.bff.booking()
    scene.redis.flush()
    scene.way.block("GET", TIMES, saying(servers.json_reply({"collection": []})))
    async with running_service(settings_on(scene.way.origin, scene.redis), scene.calendly.clock) as newcomer:
        answer = await newcomer.book(body, "key")

    assert_problem(answer, 409, "slot_taken")
    assert (answer.json()["alternatives"], await sent(scene.calendly)) == ([], 0)


@pytest.mark.fault("U25")
async def test_times_that_cannot_be_read_are_not_told_as_taken(scene: Scene) -> None:
    body = await scene.bff.booking()
    scene.redis.flush()
    scene.way.block("GET", TIMES, refusing(500))
    async with running_service(settings_on(scene.way.origin, scene.redis), scene.calendly.clock) as newcomer:
        answer = await newcomer.book(body, "key")

    assert_problem(answer, 502, "upstream_failed")
    assert answer.json()["hostedUrl"].startswith("http")
