"""Finding and reading what is booked."""

import pytest

from tests.support.simulation import BASE, GRACE, INVITEE, Simulation

ORGANIZATION = f"{BASE}/organizations/ORGEXAMPLEAAAAAA"
TUESDAY = "2026-11-24T12:00:00.000000Z"
MONDAY = "2026-11-23T08:00:00.000000Z"
NOON = "2026-11-23T11:00:00.000000Z"


async def three_bookings(calendly: Simulation) -> None:
    """Not booked in the order of their starts; the one on Tuesday is Ada's own, and canceled."""
    host = INVITEE | {"email": "ada@example.test"}
    canceled = await calendly.book("deep-dive", start_time=TUESDAY, invitee=host)
    await calendly.call("POST", f"{canceled['event']}/cancellation")
    await calendly.book("intro-call", start_time=NOON)
    await calendly.book("no-place", start_time=MONDAY)


async def found(calendly: Simulation, **params: str) -> list[str]:
    response = await calendly.get(
        "/scheduled_events",
        **{"user": await calendly.me(), "max_start_time": TUESDAY} | params,
    )
    assert response.status_code == 200, response.text
    return [item["name"] for item in response.json()["collection"] if item["name"] != "Workshop"]


@pytest.mark.parametrize(
    ("params", "names"),
    [
        pytest.param({}, ["No place", "Intro call", "Deep dive"], id="by start, canceled too"),
        pytest.param({"sort": "start_time:desc"}, ["Deep dive", "Intro call", "No place"], id="descending"),
        pytest.param({"status": "active"}, ["No place", "Intro call"], id="active"),
        pytest.param({"status": "canceled"}, ["Deep dive"], id="canceled"),
        pytest.param({"invitee_email": "ada@example.test"}, ["Deep dive"], id="by e-mail"),
        pytest.param({"invitee_email": "ADA@example.test"}, ["Deep dive"], id="by e-mail in other case"),
        pytest.param({"invitee_email": "nobody@example.test"}, [], id="by an e-mail that never booked"),
        pytest.param({"min_start_time": NOON}, ["Intro call", "Deep dive"], id="from a time on"),
        pytest.param({"max_start_time": NOON}, ["No place", "Intro call"], id="up to a time"),
        pytest.param({"min_start_time": NOON, "max_start_time": NOON}, ["Intro call"], id="exactly then"),
    ],
)
async def test_events_are_found_by_every_filter(
    calendly: Simulation, params: dict[str, str], names: list[str]
) -> None:
    await three_bookings(calendly)

    assert await found(calendly, **params) == names


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        pytest.param("ADA@example.test", [], id="in other case"),
        pytest.param("ada@example.test", ["Deep dive"], id="as it is kept"),
    ],
)
async def test_a_filter_by_address_is_exact_where_assumed(
    calendly: Simulation, asked: str, names: list[str]
) -> None:
    await calendly.assume(emailFiltersExact=True)
    await three_bookings(calendly)

    assert await found(calendly, invitee_email=asked) == names


@pytest.mark.parametrize(("lowered", "kept"), [(False, "Ada@Example.test"), (True, "ada@example.test")])
async def test_an_address_is_kept_in_lower_case_where_assumed(
    calendly: Simulation, kept: str, *, lowered: bool
) -> None:
    await calendly.assume(emailsLowered=lowered)

    booked = await calendly.book("intro-call", invitee=INVITEE | {"email": "Ada@Example.test"})

    assert booked["email"] == kept


async def test_the_ends_of_the_time_filter_are_left_out_where_assumed(calendly: Simulation) -> None:
    await calendly.assume(timeFiltersInclusive=False)
    await three_bookings(calendly)

    assert await found(calendly, min_start_time=MONDAY, max_start_time=NOON) == []


async def test_the_seeded_workshop_is_listed(calendly: Simulation) -> None:
    response = await calendly.get("/scheduled_events", user=await calendly.me())

    (event,) = response.json()["collection"]
    assert event["name"] == "Workshop"
    assert event["invitees_counter"] == {"total": 8, "active": 8, "limit": 10}


async def test_a_host_finds_only_own_events(calendly: Simulation) -> None:
    await calendly.book("intro-call")

    assert await found(calendly.as_(GRACE)) == []


@pytest.mark.parametrize(
    ("role", "params", "message"),
    [
        pytest.param("user", {"user": "grace"}, "You do not have permission", id="member asks for another"),
        pytest.param(
            "user", {"organization": ORGANIZATION}, "You do not have permission", id="member asks for all"
        ),
        pytest.param(
            "admin",
            {"user": "grace"},
            "Please also specify organization when requesting events for a user within your organization.",
            id="admin forgets the organisation",
        ),
        pytest.param("owner", {"group": "any"}, "You do not have permission", id="groups"),
    ],
)
async def test_the_events_of_others_are_for_admins(
    calendly: Simulation, role: str, params: dict[str, str], message: str
) -> None:
    grace = await calendly.as_(GRACE).me()
    await calendly.settings(roles={"ada": role})

    named = {key: grace if value == "grace" else value for key, value in params.items()}
    response = await calendly.get("/scheduled_events", **named)

    assert response.status_code == 403
    assert response.json() == {"title": "Permission Denied", "message": message}


async def test_an_admin_finds_everybodys_events(calendly: Simulation) -> None:
    await calendly.as_(GRACE).book("office-hours")
    await calendly.settings(roles={"ada": "admin"})

    response = await calendly.get("/scheduled_events", organization=ORGANIZATION)

    assert {item["name"] for item in response.json()["collection"]} == {"Office hours", "Workshop"}


async def test_an_admin_finds_the_events_of_a_member(calendly: Simulation) -> None:
    graces = calendly.as_(GRACE)
    await graces.book("office-hours")
    await calendly.settings(roles={"ada": "admin"})

    response = await calendly.get("/scheduled_events", organization=ORGANIZATION, user=await graces.me())

    assert [item["name"] for item in response.json()["collection"]] == ["Office hours"]


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        pytest.param({"user": ""}, "user", id="nobody"),
        pytest.param({"status": "cancelled"}, "status", id="status"),
        pytest.param({"sort": "end_time:asc"}, "sort", id="sort"),
        pytest.param({"min_start_time": "noon"}, "min_start_time", id="time"),
    ],
)
async def test_a_wrong_filter_is_named(calendly: Simulation, params: dict[str, str], parameter: str) -> None:
    response = await calendly.get("/scheduled_events", **{"user": await calendly.me(), **params})

    assert response.status_code == 400
    assert response.json()["details"][0]["parameter"] == parameter


async def test_the_event_of_another_is_not_shown(calendly: Simulation) -> None:
    invitee = await calendly.book("intro-call")

    for path in (invitee["event"], f"{invitee['event']}/invitees", invitee["uri"]):
        response = await calendly.as_(GRACE).get(path)
        assert response.status_code == 403
        assert response.json()["message"] == "You are not allowed to view this event"


async def test_an_invitee_is_read_by_their_uri(calendly: Simulation) -> None:
    invitee = await calendly.book("intro-call")

    assert await calendly.read(invitee["uri"]) == invitee


async def test_an_invitee_belongs_to_one_event(calendly: Simulation) -> None:
    first = await calendly.book("intro-call")
    second = await calendly.book("intro-call")

    response = await calendly.get(f"{first['event']}/invitees/{second['uri'].rsplit('/', 1)[1]}")

    assert response.status_code == 404


@pytest.mark.parametrize(
    ("params", "emails"),
    [
        pytest.param({}, ["guest1@example.test", "guest2@example.test"], id="all, oldest first"),
        pytest.param({"sort": "created_at:desc"}, ["grace@example.test", "guest8@example.test"], id="newest"),
        pytest.param({"email": "GRACE@example.test"}, ["grace@example.test"], id="by e-mail"),
        pytest.param({"status": "canceled"}, [], id="canceled"),
        pytest.param({"status": "active"}, ["guest1@example.test", "guest2@example.test"], id="active"),
    ],
)
async def test_invitees_are_found_by_every_filter(
    calendly: Simulation, params: dict[str, str], emails: list[str]
) -> None:
    event = (await calendly.book("workshop"))["event"]

    response = await calendly.get(f"{event}/invitees", count="2", **params)

    assert [item["email"] for item in response.json()["collection"]] == emails


async def test_the_invitees_of_an_event_come_in_pages(calendly: Simulation) -> None:
    event = (await calendly.book("workshop"))["event"]
    first = (await calendly.get(f"{event}/invitees", count="6")).json()

    second = (await calendly.call("GET", first["pagination"]["next_page"])).json()

    assert len(second["collection"]) == 3
