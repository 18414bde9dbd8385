"""Who is asking, whom they may see, and what a bad token gets."""

import pytest

from tests.support.simulation import GRACE, Simulation

NOBODY = "QQQQQQQQQQQQQQQQ"
ORGANIZATION = "/organizations/ORGEXAMPLEAAAAAA"


async def test_a_user_is_described_as_calendly_does(calendly: Simulation) -> None:
    response = await calendly.get("/users/me")

    user = response.json()["resource"]
    uuid = user.pop("uri").removeprefix("http://calendly.example.test/users/")
    assert len(uuid) == 16
    assert user == {
        "name": "Ada Example",
        "slug": "ada",
        "email": "ada@example.test",
        "scheduling_url": "http://calendly.example.test/ada",
        "timezone": "Europe/Berlin",
        "time_notation": "24h",
        "locale": "en",
        "avatar_url": None,
        "current_organization": "http://calendly.example.test" + ORGANIZATION,
        "resource_type": "User",
        "created_at": "2026-01-05T09:00:00.000000Z",
        "updated_at": "2026-01-05T09:00:00.000000Z",
    }


async def test_an_answer_is_dated_json(calendly: Simulation) -> None:
    response = await calendly.get("/users/me")

    assert response.headers["content-type"] == "application/json"
    assert response.headers["date"] == "Mon, 23 Nov 2026 06:00:00 GMT"


async def test_addresses_stand_where_the_simulator_was_reached(calendly: Simulation) -> None:
    response = await calendly.call("GET", "/users/me", headers={"host": "localhost:9999"})

    assert response.json()["resource"]["uri"].startswith("http://localhost:9999/users/")


async def test_a_user_reads_their_own_record_by_its_uri(calendly: Simulation) -> None:
    user = await calendly.read(await calendly.me())

    assert user["slug"] == "ada"


@pytest.mark.parametrize(
    "authorization",
    [
        pytest.param("Bearer wrong", id="unknown token"),
        pytest.param("simulator-token-ada", id="no scheme"),
        pytest.param("Basic simulator-token-ada", id="other scheme"),
        pytest.param("", id="nothing"),
    ],
)
async def test_without_a_valid_token_nobody_is_let_in(calendly: Simulation, authorization: str) -> None:
    response = await calendly.http.get("/users/me", headers={"authorization": authorization})

    assert response.status_code == 401
    assert response.json() == {"title": "Unauthenticated", "message": "The access token is invalid"}
    assert response.headers["x-ratelimit-limit"] == "500"


async def test_another_user_is_not_shown(calendly: Simulation) -> None:
    grace = await calendly.as_(GRACE).me()

    response = await calendly.get(grace)

    assert response.status_code == 403
    assert response.json() == {"title": "Permission Denied", "message": "You do not have permission"}


async def test_an_owner_sees_other_users(calendly: Simulation) -> None:
    await calendly.settings(roles={"ada": "owner"})
    grace = await calendly.as_(GRACE).me()

    user = await calendly.read(grace)

    assert user["slug"] == "grace"


@pytest.mark.parametrize(
    "path",
    [
        f"/users/{NOBODY}",
        f"/organizations/{NOBODY}",
        f"/event_types/{NOBODY}",
        f"/scheduled_events/{NOBODY}",
        f"/scheduled_events/{NOBODY}/invitees",
        f"/scheduled_events/{NOBODY}/invitees/{NOBODY}",
        f"/user_availability_schedules/{NOBODY}",
        f"/webhook_subscriptions/{NOBODY}",
        "/users",
        "/",
    ],
)
async def test_what_is_not_there_is_calendlys_404(calendly: Simulation, path: str) -> None:
    response = await calendly.get(path)

    assert response.status_code == 404
    assert response.json() == {
        "title": "Resource Not Found",
        "message": "The server could not find the requested resource.",
    }


async def test_a_method_that_a_path_does_not_know_is_calendlys_404(calendly: Simulation) -> None:
    response = await calendly.call("DELETE", "/event_types")

    assert response.status_code == 404
    assert response.json()["title"] == "Resource Not Found"


async def test_the_organisation_tells_its_plan(calendly: Simulation) -> None:
    await calendly.settings(tier="trial")

    organization = await calendly.read(ORGANIZATION)

    assert organization["plan"] == "trial"
    assert organization["uri"] == "http://calendly.example.test" + ORGANIZATION


async def test_all_ten_kinds_of_place_can_be_used(calendly: Simulation) -> None:
    response = await calendly.get("/locations", user=await calendly.me())

    body = response.json()
    assert set(body) == {"collection"}
    assert len(body["collection"]) == 10
    assert {"kind": "zoom_conference", "connected": True} in body["collection"]
    assert {"kind": "physical"} in body["collection"]


async def test_a_user_lists_their_working_hours(calendly: Simulation) -> None:
    response = await calendly.get("/user_availability_schedules", user=await calendly.me())

    (schedule,) = response.json()["collection"]
    assert schedule["timezone"] == "Europe/Berlin"
    assert {"type": "wday", "wday": "sunday", "intervals": []} in schedule["rules"]
    assert {
        "type": "wday",
        "wday": "monday",
        "intervals": [{"from": "09:00", "to": "17:00"}],
    } in schedule["rules"]


async def test_a_schedule_is_read_by_its_uri(calendly: Simulation) -> None:
    listing = await calendly.get("/user_availability_schedules", user=await calendly.me())
    (schedule,) = listing.json()["collection"]

    assert await calendly.read(schedule["uri"]) == schedule


async def test_the_working_hours_of_another_are_not_shown(calendly: Simulation) -> None:
    listing = await calendly.get("/user_availability_schedules", user=await calendly.me())
    uri = listing.json()["collection"][0]["uri"]

    response = await calendly.as_(GRACE).get(uri)

    assert response.status_code == 403
    assert response.json()["message"] == "You do not have permission to access this resource."
