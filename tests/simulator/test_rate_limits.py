"""Quotas by tier: what is counted, what the headers say, and when it is forgotten."""

import httpx
import pytest

from tests.support.simulation import GRACE, Simulation


def limits(response: httpx.Response) -> tuple[int, int, int]:
    limit, remaining, reset = (
        int(response.headers[f"x-ratelimit-{part}"]) for part in ("limit", "remaining", "reset")
    )
    return limit, remaining, reset


async def bad_booking(calendly: Simulation) -> httpx.Response:
    return await calendly.send({})


@pytest.mark.parametrize(
    ("tier", "limit"), [("free", 50), ("trial", 500), ("paid", 500), ("enterprise", 500)]
)
async def test_calls_are_counted_by_the_minute(calendly: Simulation, tier: str, limit: int) -> None:
    await calendly.settings(tier=tier)
    await calendly.get("/users/me")
    calendly.clock.advance(seconds=20)

    response = await calendly.get("/users/me")

    assert limits(response) == (limit, limit - 2, 40)


async def test_beyond_the_limit_calls_are_refused(calendly: Simulation) -> None:
    await calendly.settings(tier="free")
    for _ in range(50):
        await calendly.get("/users/me")

    response = await calendly.get("/users/me")

    assert response.status_code == 429
    assert limits(response) == (50, 0, 60)
    assert response.json() == {
        "title": "Too Many Requests",
        "message": "You have exceeded the rate limit. Please wait before trying again.",
    }


async def test_the_words_of_a_refusal_are_an_assumption(calendly: Simulation) -> None:
    await calendly.settings(tier="free", assumptions={"freeBookingsPerDay": 0, "rateLimitedTitle": "Slow"})

    response = await bad_booking(calendly)

    assert response.json()["title"] == "Slow"


async def test_a_minute_later_calls_are_let_in_again(calendly: Simulation) -> None:
    await calendly.settings(tier="free")
    for _ in range(50):
        await calendly.get("/users/me")
    calendly.clock.advance(seconds=60)

    response = await calendly.get("/users/me")

    assert response.status_code == 200


async def test_each_user_has_an_own_count(calendly: Simulation) -> None:
    await calendly.get("/users/me")

    response = await calendly.as_(GRACE).get("/users/me")

    assert limits(response) == (500, 499, 60)


@pytest.mark.parametrize(
    ("tier", "headers"),
    [
        pytest.param("free", (5, 4, 86_400), id="free: a few a day"),
        pytest.param("trial", (5, 4, 86_400), id="trial: 5 a day"),
        pytest.param("paid", (10, 9, 60), id="paid: 10 a minute first"),
        pytest.param("enterprise", (500, 499, 60), id="enterprise: 500 a minute"),
    ],
)
async def test_bookings_have_quotas_of_their_own(
    calendly: Simulation, tier: str, headers: tuple[int, int, int]
) -> None:
    await calendly.settings(tier=tier)

    response = await bad_booking(calendly)

    assert limits(response) == headers


@pytest.mark.parametrize(
    ("minutes", "allowed", "reset"),
    [
        pytest.param(0, 10, 60, id="10 a minute"),
        pytest.param(1, 50, 3300, id="50 an hour"),
        pytest.param(13, 100, 86_400 - 130 * 60, id="100 a day"),
    ],
)
async def test_a_paid_account_books_within_three_windows(
    calendly: Simulation, minutes: int, allowed: int, reset: int
) -> None:
    """Ten bookings, then a pause, until refused: the pause decides which window fills first."""
    taken = 0
    response = await bad_booking(calendly)
    while response.status_code != 429:
        taken += 1
        if taken % 10 == 0:
            calendly.clock.advance(minutes=minutes)
        response = await bad_booking(calendly)

    assert taken == allowed
    assert limits(response)[1:] == (0, reset)


async def test_a_read_is_not_refused_for_spent_bookings(calendly: Simulation) -> None:
    for _ in range(10):
        await bad_booking(calendly)

    response = await calendly.get("/users/me")

    assert response.status_code == 200
    assert limits(response) == (500, 489, 60)


async def test_a_refused_booking_spends_no_further_quota(calendly: Simulation) -> None:
    for _ in range(15):
        await bad_booking(calendly)
    calendly.clock.advance(minutes=1)

    taken = 0
    while (await bad_booking(calendly)).status_code != 429:
        taken += 1

    assert taken == 10


async def test_failed_bookings_are_free_where_assumed(calendly: Simulation) -> None:
    await calendly.assume(failedBookingsCount=False)
    for _ in range(20):
        await bad_booking(calendly)

    response = await calendly.send(await calendly.booking("intro-call"))

    assert response.status_code == 201
    assert limits(response) == (10, 9, 60)


async def test_a_failed_booking_is_still_a_call_where_assumed_free(calendly: Simulation) -> None:
    await calendly.assume(failedBookingsCount=False)
    await bad_booking(calendly)

    response = await calendly.get("/users/me")

    assert limits(response) == (500, 498, 60)


async def test_a_refusal_shows_the_spent_quota_whatever_is_assumed(calendly: Simulation) -> None:
    await calendly.assume(bookingHeadersShowQuota=False)
    for _ in range(10):
        await bad_booking(calendly)

    response = await bad_booking(calendly)

    assert limits(response) == (10, 0, 60)


async def test_the_headers_show_the_general_limit_where_assumed(calendly: Simulation) -> None:
    await calendly.assume(bookingHeadersShowQuota=False)

    response = await bad_booking(calendly)

    assert limits(response) == (500, 499, 60)
