"""`GET /event_types` and its neighbours: whose, which, in what order, and what they say."""

import pytest

from tests.support.simulation import BASE, GRACE, Simulation

ORGANIZATION = f"{BASE}/organizations/ORGEXAMPLEAAAAAA"
FIELDS = {
    "uri", "scheduling_url", "name", "slug", "internal_note", "description_plain", "description_html",
    "active", "secret", "admin_managed", "is_paid", "booking_method", "kind", "pooling_type", "type",
    "duration", "duration_options", "color", "locale", "position", "profile", "locations",
    "custom_questions", "created_at", "updated_at", "deleted_at", "start_time_increment",
    "before_buffer", "after_buffer",
}  # fmt: skip


async def slugs(calendly: Simulation, **params: object) -> list[str]:
    response = await calendly.get("/event_types", **{"user": await calendly.me(), "count": 100, **params})
    return [item["slug"] for item in response.json()["collection"]]


async def test_an_event_type_has_calendlys_fields_and_no_other(calendly: Simulation) -> None:
    kind = await calendly.event_type("intro-call")

    assert set(kind) == FIELDS
    assert kind["scheduling_url"] == f"{BASE}/ada/intro-call"
    assert kind["profile"] == {"type": "User", "name": "Ada Example", "owner": await calendly.me()}
    assert kind["created_at"] == "2026-01-05T09:00:00.000000Z"


async def test_an_event_type_is_read_by_its_uri(calendly: Simulation) -> None:
    kind = await calendly.event_type("questionnaire")

    assert await calendly.read(kind["uri"]) == kind


async def test_a_teams_event_type_stands_on_the_teams_page(calendly: Simulation) -> None:
    kind = await calendly.event_type("panel")

    assert kind["profile"]["type"] == "Team"
    assert kind["profile"]["name"] == "Example Team"


async def test_a_host_sees_own_and_team_event_types(calendly: Simulation) -> None:
    assert await slugs(calendly.as_(GRACE)) == ["mentoring", "office-hours", "panel", "team-demo"]


async def test_another_hosts_event_type_is_not_shown(calendly: Simulation) -> None:
    kind = await calendly.event_type("intro-call")

    response = await calendly.as_(GRACE).get(kind["uri"])

    assert response.status_code == 403
    assert response.json()["message"] == "You do not have permission to access this resource."


async def test_another_hosts_list_is_not_shown(calendly: Simulation) -> None:
    response = await calendly.as_(GRACE).get("/event_types", user=await calendly.me())

    assert response.status_code == 403
    assert response.json()["message"] == "You do not have permission"


async def test_the_organisations_list_is_for_its_owner(calendly: Simulation) -> None:
    plain = await calendly.get("/event_types", organization=ORGANIZATION)
    await calendly.settings(roles={"ada": "owner"})
    owners = await calendly.get("/event_types", organization=ORGANIZATION, count=100)

    assert plain.status_code == 403
    assert len(owners.json()["collection"]) == 17


async def test_a_foreign_organisation_is_not_found(calendly: Simulation) -> None:
    response = await calendly.get("/event_types", organization=f"{BASE}/organizations/OTHER")

    assert response.status_code == 404


async def test_users_me_is_a_user_too(calendly: Simulation) -> None:
    assert "intro-call" in await slugs(calendly, user=f"{BASE}/users/me")


async def test_inactive_ones_are_listed_unless_filtered(calendly: Simulation) -> None:
    assert "retired" in await slugs(calendly)
    assert "retired" not in await slugs(calendly, active="true")
    assert await slugs(calendly, active="false") == ["retired"]


async def test_deleted_ones_are_read_but_not_listed(calendly: Simulation) -> None:
    kind = await calendly.change("no-place", deleted_at="2026-11-01T00:00:00Z")

    assert "no-place" not in await slugs(calendly)
    assert (await calendly.read(kind["uri"]))["deleted_at"] == "2026-11-01T00:00:00.000000Z"


async def test_admin_managed_ones_can_be_picked(calendly: Simulation) -> None:
    await calendly.change("visit", admin_managed=True)

    assert await slugs(calendly, admin_managed="true") == ["visit"]
    assert "visit" not in await slugs(calendly, admin_managed="false")


async def test_those_on_a_schedule_can_be_picked(calendly: Simulation) -> None:
    graces = calendly.as_(GRACE)
    listing = await graces.get("/user_availability_schedules", user=await graces.me())
    schedule = listing.json()["collection"][0]["uri"]

    assert await slugs(calendly, user_availability_schedule=schedule) == ["panel", "team-demo"]


@pytest.mark.parametrize(
    ("sort", "first"),
    [
        pytest.param(None, "anywhere", id="name is the default"),
        pytest.param("name:desc", "workshop", id="name descending"),
        pytest.param("position", "intro-call", id="position"),
        pytest.param("position:desc", "retired", id="position descending"),
        pytest.param("created_at:asc,position:desc", "retired", id="second key decides"),
        pytest.param("updated_at:desc", "deep-dive", id="last changed"),
    ],
)
async def test_the_list_is_sorted_as_asked(calendly: Simulation, sort: str | None, first: str) -> None:
    calendly.clock.advance(minutes=1)
    await calendly.change("deep-dive", internal_note="changed")

    found = await slugs(calendly, **({"sort": sort} if sort else {}))

    assert found[0] == first


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        pytest.param({"user": ""}, "user", id="no user"),
        pytest.param({"user": f"{BASE}/users/"}, "user", id="user without id"),
        pytest.param({"user": "https://other.example.test/users/me"}, "user", id="foreign origin"),
        pytest.param({"user": f"{BASE}/event_types/X"}, "user", id="another resource"),
        pytest.param({"sort": "colour"}, "sort", id="unknown key"),
        pytest.param({"sort": "name:up"}, "sort", id="unknown direction"),
        pytest.param({"active": "yes"}, "active", id="not a boolean"),
        pytest.param({"count": 0}, "count", id="count too small"),
        pytest.param({"count": 101}, "count", id="count too large"),
        pytest.param({"count": "ten"}, "count", id="count not a number"),
        pytest.param({"count": "9" * 5000}, "count", id="count without end"),
        pytest.param({"page_token": "made-up"}, "page_token", id="invented token"),
        pytest.param({"page_token": "\u00e9"}, "page_token", id="token not even base64"),
    ],
)
async def test_a_wrong_parameter_is_named(
    calendly: Simulation, params: dict[str, object], parameter: str
) -> None:
    response = await calendly.get("/event_types", **{"user": await calendly.me(), **params})

    body = response.json()
    assert response.status_code == 400
    assert (body["title"], body["message"]) == ("Invalid Argument", "The supplied parameters are invalid.")
    assert [detail["parameter"] for detail in body["details"]] == [parameter]


async def test_the_hosts_of_an_event_type_are_listed(calendly: Simulation) -> None:
    kind = await calendly.event_type("team-demo")

    response = await calendly.get("/event_type_memberships", event_type=kind["uri"])

    body = response.json()
    assert [item["member"]["slug"] for item in body["collection"]] == ["ada", "grace"]
    assert body["collection"][0]["event_type"] == kind["uri"]
    assert body["pagination"]["next_page"] is None
