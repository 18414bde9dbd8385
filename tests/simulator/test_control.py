"""Control calls: what they change, what they show, and what they refuse."""

import pytest

from tests.support.simulation import ADA, GRACE, Json, Simulation, simulation

SETTINGS = "/_simulator/settings"
EVENT_TYPES = "/_simulator/event_types"
FAULTS = "/_simulator/faults"


async def calls(calendly: Simulation) -> list[Json]:
    response = await calendly.http.get("/_simulator/calls")
    items: list[Json] = response.json()["items"]
    return items


async def test_a_call_is_logged_with_what_was_asked(calendly: Simulation) -> None:
    await calendly.call("POST", "/invitees", json={"start_time": "soon"}, headers={"user-agent": "tests/1"})

    assert await calls(calendly) == [
        {
            "method": "POST",
            "path": "/invitees",
            "query": {},
            "body": {"start_time": "soon"},
            "userAgent": "tests/1",
            "at": "2026-11-23T06:00:00.000000Z",
            "status": 400,
        }
    ]


async def test_the_query_is_logged_parsed(calendly: Simulation) -> None:
    await calendly.get("/event_types", user="x y", count="3")

    assert (await calls(calendly))[0]["query"] == {"user": "x y", "count": "3"}


@pytest.mark.parametrize(
    ("content", "shown"), [(b"", None), (b"not json", "not json"), (b"\xff", "\ufffd"), (b"[1]", [1])]
)
async def test_a_body_is_logged_as_it_came(calendly: Simulation, content: bytes, shown: object) -> None:
    await calendly.call("POST", "/invitees", content=content)

    assert (await calls(calendly))[0]["body"] == shown


async def test_no_token_is_in_the_log(calendly: Simulation) -> None:
    await calendly.get("/users/me")

    response = await calendly.http.get("/_simulator/calls")

    assert ADA not in response.text


async def test_control_calls_are_not_logged(calendly: Simulation) -> None:
    await calendly.http.get(SETTINGS)

    assert await calls(calendly) == []


async def test_the_log_can_be_emptied(calendly: Simulation) -> None:
    await calendly.get("/users/me")

    response = await calendly.http.delete("/_simulator/calls")

    assert (response.status_code, response.content) == (204, b"")
    assert await calls(calendly) == []


async def test_bookings_are_shown_with_their_invitees(calendly: Simulation) -> None:
    invitee = await calendly.book("phone-consult")

    response = await calendly.http.get("/_simulator/bookings")

    (item,) = response.json()["items"]
    assert item.pop("invitees") == [invitee]
    assert item == await calendly.read(invitee["event"])


async def test_canceled_bookings_are_shown_too(calendly: Simulation) -> None:
    event = (await calendly.book("intro-call"))["event"]
    await calendly.call("POST", f"{event}/cancellation")

    response = await calendly.http.get("/_simulator/bookings")

    assert [item["status"] for item in response.json()["items"]] == ["canceled"]


async def test_the_seeded_workshop_is_shown_once_it_was_booked(calendly: Simulation) -> None:
    await calendly.book("workshop")

    response = await calendly.http.get("/_simulator/bookings")

    assert [len(item["invitees"]) for item in response.json()["items"]] == [9]


async def test_the_seeded_workshop_is_shown_once_it_was_canceled(calendly: Simulation) -> None:
    listing = await calendly.get("/scheduled_events", user=await calendly.me())
    (workshop,) = listing.json()["collection"]
    await calendly.call("POST", f"{workshop['uri']}/cancellation")

    response = await calendly.http.get("/_simulator/bookings")

    assert [item["uri"] for item in response.json()["items"]] == [workshop["uri"]]


async def test_a_reset_leads_back_to_the_seed(calendly: Simulation) -> None:
    fresh = (await calendly.available_times("workshop")).json()
    await calendly.book("workshop")
    await calendly.change("intro-call", name="Other")
    await calendly.settings(strict=False, tier="free")

    response = await calendly.http.post("/_simulator/reset")

    assert response.status_code == 204
    assert await calls(calendly) == []
    assert (await calendly.available_times("workshop")).json() == fresh
    assert (await calendly.event_type("intro-call"))["name"] == "Intro call"
    assert (await calendly.http.get(SETTINGS)).json()["tier"] == "paid"


async def test_settings_not_named_stay(calendly: Simulation) -> None:
    await calendly.settings(latencyMs=1, assumptions={"allDetails": False})

    response = await calendly.http.patch(
        SETTINGS, json={"strict": False, "assumptions": {"endTimeInclusive": False}}
    )

    body = response.json()
    assert (body["latencyMs"], body["strict"]) == (1.0, False)
    assert (body["assumptions"]["allDetails"], body["assumptions"]["endTimeInclusive"]) == (False, False)


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"colour": "red"}, id="unknown"),
        pytest.param({"tier": "gold"}, id="unknown tier"),
        pytest.param({"strict": "yes"}, id="wrong type"),
        pytest.param({"latencyMs": -1}, id="negative"),
        pytest.param({"clockOffsetSeconds": 1e300}, id="out of time"),
        pytest.param({"scopes": {"other-token": []}}, id="unknown token"),
        pytest.param({"roles": {"nobody": "owner"}}, id="unknown user"),
        pytest.param({"roles": {"ada": "king"}}, id="unknown role"),
        pytest.param({"assumptions": {"everythingIsFine": True}}, id="unknown assumption"),
        pytest.param({"assumptions": []}, id="assumptions a list"),
        pytest.param({"strict": False, "tier": "gold"}, id="half right"),
    ],
)
async def test_a_wrong_setting_changes_nothing(calendly: Simulation, change: Json) -> None:
    before = (await calendly.http.get(SETTINGS)).json()

    response = await calendly.http.patch(SETTINGS, json=change)

    assert response.status_code == 400
    assert set(response.json()) == {"error"}
    assert (await calendly.http.get(SETTINGS)).json() == before


@pytest.mark.parametrize("content", [b"{", b"[]", b'"x"'])
async def test_a_control_body_is_a_json_object(calendly: Simulation, content: bytes) -> None:
    response = await calendly.http.patch(SETTINGS, content=content)

    assert response.status_code == 400
    assert "error" in response.json()


async def test_a_new_event_type_can_be_booked(calendly: Simulation) -> None:
    response = await calendly.http.post(
        EVENT_TYPES,
        json={
            "slug": "sprint",
            "name": "Sprint",
            "hosts": ["grace"],
            "duration": 20,
            "start_time_increment": 20,
            "locations": [{"kind": "hologram"}],
            "minimum_notice": 0,
        },
    )
    invitee = await calendly.as_(GRACE).book("sprint")

    assert response.status_code == 201
    assert invitee["status"] == "active"


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param({"name": "No slug"}, 400, id="no slug"),
        pytest.param({"slug": "a"}, 400, id="no name"),
        pytest.param({"slug": "visit", "name": "Again"}, 409, id="slug taken"),
        pytest.param({"slug": "a", "name": "A", "colour": "red"}, 400, id="unknown field"),
        pytest.param({"slug": "a", "name": "A", "duration": "long"}, 400, id="wrong type"),
        pytest.param({"slug": "a", "name": "A", "hosts": []}, 400, id="no host"),
        pytest.param({"slug": "a", "name": "A", "hosts": ["nobody"]}, 400, id="unknown host"),
        pytest.param({"slug": "a", "name": "A", "uuid": "X"}, 400, id="fixed field"),
    ],
)
async def test_a_wrong_event_type_is_refused(calendly: Simulation, body: Json, status: int) -> None:
    response = await calendly.http.post(EVENT_TYPES, json=body)

    assert response.status_code == status
    assert set(response.json()) == {"error"}


async def test_a_changed_event_type_is_what_calendly_then_says(calendly: Simulation) -> None:
    calendly.clock.advance(minutes=5)
    changed = await calendly.change("visit", name="Visit us", locations=None, before_buffer=10)

    kind = await calendly.event_type("visit")

    assert kind == changed
    assert (kind["name"], kind["locations"], kind["before_buffer"]) == ("Visit us", None, 10)
    assert kind["updated_at"] == "2026-11-23T06:05:00.000000Z"


async def test_a_reply_nobody_has_seen_yet_can_be_played(calendly: Simulation) -> None:
    kind = await calendly.change("visit", profile=None, overrides={"kind": "webinar", "mood": "good"})

    assert (kind["profile"], kind["kind"], kind["mood"]) == (None, "webinar", "good")


async def test_a_host_can_move_and_keep_other_hours(calendly: Simulation) -> None:
    rules = [
        {"type": "wday", "wday": "monday", "intervals": [{"from": "22:00", "to": "24:00"}]},
        {"type": "date", "date": "2026-11-30", "intervals": [{"from": "10:00", "to": "10:30"}]},
    ]
    response = await calendly.http.patch(
        "/_simulator/users/ada", json={"timezone": "Asia/Kolkata", "rules": rules, "name": "Ada Sample"}
    )

    starts = await calendly.starts("intro-call", end_time="2026-12-07T00:00:00Z")

    assert response.json()["schedule"]["rules"] == rules
    assert [start[:16] for start in starts] == [
        *(f"2026-11-23T{time}" for time in ("16:30", "17:00", "17:30", "18:00")),
        "2026-11-30T04:30",
    ]
    assert (await calendly.read("/users/me"))["name"] == "Ada Sample"


@pytest.mark.parametrize(
    ("slug", "body", "status"),
    [
        pytest.param("nobody", {}, 404, id="unknown host"),
        pytest.param("ada", {"timezone": "Berlin"}, 400, id="unknown zone"),
        pytest.param("ada", {"email": "ada@example.test"}, 400, id="fixed field"),
        pytest.param(
            "ada",
            {"rules": [{"type": "wday", "wday": "monday", "intervals": [{"from": "9", "to": "17"}]}]},
            400,
            id="bad time",
        ),
        pytest.param(
            "ada", {"rules": [{"type": "wday", "wday": "someday", "intervals": []}]}, 400, id="bad day"
        ),
        pytest.param(
            "ada", {"rules": [{"type": "date", "date": "2026-02-30", "intervals": []}]}, 400, id="bad date"
        ),
    ],
)
async def test_a_wrong_change_of_a_host_is_refused(
    calendly: Simulation, slug: str, body: Json, status: int
) -> None:
    response = await calendly.http.patch(f"/_simulator/users/{slug}", json=body)

    assert response.status_code == status
    assert set(response.json()) == {"error"}


async def test_an_unknown_event_type_cannot_be_changed(calendly: Simulation) -> None:
    response = await calendly.http.patch(f"{EVENT_TYPES}/NOSUCH", json={})

    assert response.status_code == 404
    assert set(response.json()) == {"error"}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="no fault"),
        pytest.param({"fault": {"kind": "earthquake"}}, id="unknown kind"),
        pytest.param({"fault": {"kind": "reset"}, "times": 0}, id="never"),
        pytest.param({"fault": {"kind": "reset"}, "match": {"path": "("}}, id="broken pattern"),
        pytest.param({"fault": {"kind": "reset"}, "match": {"header": "x"}}, id="unknown match"),
        pytest.param({"fault": {"kind": "status", "status": 99}}, id="no such status"),
    ],
)
async def test_a_wrong_fault_is_refused(calendly: Simulation, body: Json) -> None:
    response = await calendly.http.post(FAULTS, json=body)

    assert response.status_code == 400
    assert set(response.json()) == {"error"}
    assert (await calendly.get("/users/me")).status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", SETTINGS), ("POST", "/_simulator/reset"), ("GET", "/_simulator/bookings"), ("POST", FAULTS)],
)
async def test_control_can_be_switched_off(method: str, path: str) -> None:
    async with simulation(control=False) as uncontrolled:
        response = await uncontrolled.http.request(method, path)

    assert response.status_code == 404
    assert response.json()["title"] == "Resource Not Found"
