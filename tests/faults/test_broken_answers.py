"""Answers of Calendly's that are held back, dripped, cut or garbled: what a visitor gets, and what is booked then."""

import gzip

import pytest

from tests.calendly.servers import reply
from tests.faults.detour import Talk
from tests.faults.scene import Scene, active, assert_problem, instant, made, sent, until_active, within
from tests.faults.talks import (
    BOMB,
    HEAD,
    closing,
    cut_short,
    dripping,
    longer_than_it_says,
    resetting,
    saying,
    shorter_than_it_says,
    silence,
)

BOOKING = "^/invitees$"
CANCELLATION = "/cancellation$"
EVENT = "^/scheduled_events/[^/]+$"

PATIENCE = 6.0
"""Seconds that a visitor waits at most for a write of a second: it may have to be looked at afterwards."""

READ_PATIENCE = 6.0

ENDLESS = dripping(HEAD + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\n \r\n")
PAGE = b"<!doctype html><title>marker</title>"
GARBLED = reply(gzip.compress(b"{}")[:-6] + b"marker", headers=("Content-Encoding: gzip",))

SILENCE = pytest.param(silence, marks=pytest.mark.fault("U05"), id="silence")
DRIP = pytest.param(
    dripping(HEAD + b"Content-Length: 9999\r\n\r\n", b" "), marks=pytest.mark.fault("U06"), id="drip of body"
)
RESET = pytest.param(resetting, marks=pytest.mark.fault("U07"), id="reset")
HTML = pytest.param(
    saying(reply(PAGE, content_type="text/html")), marks=pytest.mark.fault("U14"), id="page with 200"
)
PACKED = pytest.param(
    saying(reply(BOMB, status=201, headers=("Content-Encoding: gzip",))),
    marks=pytest.mark.fault("U15"),
    id="gzip bomb",
)
ALL = [
    SILENCE,
    DRIP,
    RESET,
    HTML,
    PACKED,
    pytest.param(dripping(HEAD, b"X: 1\r\n"), marks=pytest.mark.fault("U06"), id="drip of headers"),
    pytest.param(ENDLESS, marks=pytest.mark.fault("U06"), id="body without end"),
    pytest.param(closing, marks=pytest.mark.fault("U07"), id="closed"),
    pytest.param(cut_short, marks=[pytest.mark.fault("U07"), pytest.mark.fault("U15")], id="cut short"),
    pytest.param(shorter_than_it_says, marks=pytest.mark.fault("U15"), id="shorter than it says"),
    pytest.param(longer_than_it_says, marks=pytest.mark.fault("U15"), id="longer than it says"),
    pytest.param(saying(GARBLED), marks=pytest.mark.fault("U15"), id="bad gzip"),
    pytest.param(
        saying(reply(PAGE, status=503, content_type="text/html")),
        marks=pytest.mark.fault("U14"),
        id="page with 503",
    ),
    pytest.param(
        saying(reply(PAGE, status=201)), marks=pytest.mark.fault("U14"), id="page that says it is JSON"
    ),
]

in_any_way = pytest.mark.parametrize("talk", ALL)
in_five_ways = pytest.mark.parametrize("talk", [SILENCE, DRIP, RESET, HTML, PACKED])
in_three_ways = pytest.mark.parametrize("talk", [SILENCE, RESET, HTML])
done_or_not = pytest.mark.parametrize("done", [True, False], ids=["done", "not done"])


@in_any_way
async def test_a_booking_that_was_made_is_confirming_and_then_confirmed(scene: Scene, talk: Talk) -> None:
    body = await scene.bff.booking()
    scene.way.block("POST", BOOKING, talk, lets_through=True)

    with within(PATIENCE):
        answer = await scene.bff.book(body, "key")
    booking = await scene.bff.settled(answer.json())
    again = await scene.bff.book(body, "key")

    assert (answer.status_code, answer.json()["status"], booking["status"]) == (
        202,
        "confirming",
        "confirmed",
    )
    assert (again.status_code, again.headers["Idempotency-Replayed"]) == (201, "true")
    assert await sent(scene.calendly) == 1


@in_five_ways
async def test_a_booking_that_was_not_made_is_confirming_and_then_failed(scene: Scene, talk: Talk) -> None:
    body = await scene.bff.booking()
    scene.way.block("POST", BOOKING, talk)

    with within(PATIENCE):
        answer = await scene.bff.book(body, "key")
    booking = await scene.bff.settled(answer.json())
    await scene.way.mend()
    again = await scene.bff.book(body, "key")

    assert (answer.status_code, booking["status"], again.status_code) == (202, "failed", 201)
    assert await sent(scene.calendly) == 1


@in_five_ways
async def test_a_cancellation_that_was_done_is_told_so(scene: Scene, talk: Talk) -> None:
    booking = await made(scene.bff)
    scene.way.block("POST", CANCELLATION, talk, lets_through=True)

    with within(PATIENCE):
        answer = await scene.bff.manage(booking, "/cancel", {})

    assert (answer.status_code, answer.json()["status"]) == (200, "canceled")
    assert await active(scene.calendly) == []


@in_five_ways
async def test_a_cancellation_that_was_not_done_is_not_told_as_done(scene: Scene, talk: Talk) -> None:
    booking = await made(scene.bff)
    scene.way.block("POST", CANCELLATION, talk)

    with within(PATIENCE):
        answer = await scene.bff.manage(booking, "/cancel", {})
    meanwhile = (await scene.bff.manage(booking)).json()["status"]
    await scene.way.mend()
    again = await scene.bff.manage(booking, "/cancel", {})

    assert_problem(answer, 504, "upstream_timeout")
    assert meanwhile == "confirmed"
    assert (again.status_code, again.json()["status"]) == (200, "canceled")


@in_three_ways
@done_or_not
async def test_a_move_keeps_one_booking_whatever_comes_of_the_new_one(
    scene: Scene, talk: Talk, *, done: bool
) -> None:
    booking = await made(scene.bff)
    later = (await scene.bff.free("intro-call"))[3]
    scene.way.block("POST", BOOKING, talk, lets_through=done)

    with within(PATIENCE):
        answer = await scene.bff.manage(booking, "/reschedule", {"start": later})
    outcome = await scene.bff.settled(answer.json())
    await until_active(scene.calendly, 1)

    assert (answer.status_code, outcome["status"]) == (202, "confirmed" if done else "failed")
    assert await active(scene.calendly) == [instant({"start": later}) if done else instant(booking)]


@in_three_ways
@done_or_not
async def test_a_move_gives_up_the_old_time_in_the_end(scene: Scene, talk: Talk, *, done: bool) -> None:
    booking = await made(scene.bff)
    later = (await scene.bff.free("intro-call"))[3]
    scene.way.block("POST", CANCELLATION, talk, lets_through=done, times=1)

    with within(PATIENCE):
        answer = await scene.bff.manage(booking, "/reschedule", {"start": later})
    await until_active(scene.calendly, 1)
    outcome = await scene.bff.manage(answer.json())

    assert (answer.status_code, answer.json()["previous"]["status"]) == (201, "canceling")
    assert outcome.json()["status"] == "confirmed"
    assert await active(scene.calendly) == [instant({"start": later})]


@in_five_ways
async def test_a_booking_that_cannot_be_read_is_a_problem_for_as_long(scene: Scene, talk: Talk) -> None:
    booking = await made(scene.bff)
    scene.way.block("GET", EVENT, talk)

    with within(READ_PATIENCE):
        answer = await scene.bff.manage(booking)
    await scene.way.mend()
    again = await scene.bff.manage(booking)

    code = answer.json()["code"]
    assert_problem(answer, 504 if code == "upstream_timeout" else 502, code)
    assert code in {"upstream_timeout", "upstream_failed"}
    assert again.json()["status"] == "confirmed"


@pytest.mark.fault("U07")
async def test_a_kept_connection_that_calendly_has_closed_costs_a_booking_nothing(scene: Scene) -> None:
    body = await scene.bff.booking()
    await scene.way.close()
    await scene.way.mend()

    answer = await scene.bff.book(body)

    assert answer.status_code == 201
