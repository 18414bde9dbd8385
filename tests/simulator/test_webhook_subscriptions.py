"""Webhook subscriptions: making, finding and removing them, and what is refused."""

import pytest

from simulator.webhooks.events import EVENTS
from tests.support.oauth import Application
from tests.support.simulation import ADA, GRACE, Json, Simulation
from tests.support.webhooks import asked, organization, post, subscribe

URL = "https://app.example.test/webhooks"
NOBODY = "http://calendly.example.test/users/QQQQQQQQQQQQQQQQ"


async def listed(calendly: Simulation, **query: str) -> list[str]:
    query = {"organization": await organization(calendly), "scope": "user"} | query
    response = await calendly.get("/webhook_subscriptions", **query)
    assert response.status_code == 200, response.text
    return [item["callback_url"] for item in response.json()["collection"]]


async def test_a_subscription_is_described_as_calendly_does(calendly: Simulation) -> None:
    subscription = await subscribe(calendly, URL)

    uri = subscription.pop("uri")
    assert uri.startswith("http://calendly.example.test/webhook_subscriptions/")
    assert subscription == {
        "callback_url": URL,
        "created_at": "2026-11-23T06:00:00.000000Z",
        "updated_at": "2026-11-23T06:00:00.000000Z",
        "retry_started_at": None,
        "state": "active",
        "events": ["invitee.created", "invitee.canceled"],
        "scope": "user",
        "organization": "http://calendly.example.test/organizations/ORGEXAMPLEAAAAAA",
        "user": await calendly.me(),
        "group": None,
        "creator": await calendly.me(),
    }
    assert await calendly.read(uri) == subscription | {"uri": uri}


async def test_a_url_has_one_hook(calendly: Simulation) -> None:
    await subscribe(calendly, URL)

    response = await post(calendly.as_(GRACE), await asked(calendly.as_(GRACE), URL))

    assert response.status_code == 409
    assert response.json() == {"title": "Already Exists", "message": "Hook with this url already exists"}


async def test_a_url_has_one_hook_of_each_user_where_that_is_assumed(calendly: Simulation) -> None:
    await calendly.assume(hookUrlsUniqueEverywhere=False)
    await subscribe(calendly, URL)

    other = await post(calendly.as_(GRACE), await asked(calendly.as_(GRACE), URL))
    again = await post(calendly, await asked(calendly, URL))

    assert (other.status_code, again.status_code) == (201, 409)


async def test_a_removed_hook_makes_room(calendly: Simulation) -> None:
    subscription = await subscribe(calendly, URL)

    response = await calendly.call("DELETE", subscription["uri"])

    assert (response.status_code, response.content) == (204, b"")
    assert "x-ratelimit-remaining" in response.headers
    assert await listed(calendly) == []
    await subscribe(calendly, URL)


async def test_the_list_shows_a_scope_in_either_order(calendly: Simulation) -> None:
    await calendly.settings(roles={"ada": "admin"})
    await subscribe(calendly, f"{URL}/1")
    await subscribe(calendly, f"{URL}/2")
    await subscribe(calendly, f"{URL}/3", scope="organization", user=None)
    await subscribe(calendly.as_(GRACE), f"{URL}/4")

    me = await calendly.me()

    assert await listed(calendly, user=me) == [f"{URL}/1", f"{URL}/2"]
    assert await listed(calendly, user=me, sort="created_at:desc") == [f"{URL}/2", f"{URL}/1"]
    assert await listed(calendly, scope="organization") == [f"{URL}/3"]
    assert await listed(calendly) == [f"{URL}/1", f"{URL}/2", f"{URL}/4"]


async def test_a_member_sees_their_own_hooks_alone(calendly: Simulation) -> None:
    subscription = await subscribe(calendly, URL)
    grace = calendly.as_(GRACE)

    assert await listed(grace) == []
    assert (await grace.get(subscription["uri"])).status_code == 403
    assert (await grace.call("DELETE", subscription["uri"])).status_code == 403


async def test_the_list_is_paged(calendly: Simulation) -> None:
    for number in range(3):
        await subscribe(calendly, f"{URL}/{number}")

    query = {"organization": await organization(calendly), "scope": "user", "count": "2"}
    first = (await calendly.get("/webhook_subscriptions", **query)).json()
    second = (await calendly.call("GET", first["pagination"]["next_page"])).json()

    assert [len(page["collection"]) for page in (first, second)] == [2, 1]


@pytest.mark.parametrize(
    ("changes", "parameter", "message"),
    [
        pytest.param({"url": None}, "url", "is missing", id="no url"),
        pytest.param({"url": 7}, "url", "must be a string", id="a number as url"),
        pytest.param({"url": "app.example.test"}, "url", "is not a valid URL", id="a host as url"),
        pytest.param({"url": "ftp://app.example.test"}, "url", "is not a valid URL", id="another scheme"),
        pytest.param({"url": "http://["}, "url", "is not a valid URL", id="a broken url"),
        pytest.param(
            {"url": "http://app.example.test:99999/"}, "url", "is not a valid URL", id="an impossible port"
        ),
        pytest.param({"events": None}, "events", "is missing", id="no events"),
        pytest.param({"events": []}, "events", "must be an array that is not empty", id="empty events"),
        pytest.param({"organization": None}, "organization", "is missing", id="no organisation"),
        pytest.param(
            {"organization": NOBODY},
            "organization",
            "is not a valid URI of this resource",
            id="a user as such",
        ),
        pytest.param(
            {"scope": "team"}, "scope", "must be one of: organization, user, group", id="unknown scope"
        ),
        pytest.param({"user": None}, "user", "is missing", id="no user"),
        pytest.param({"scope": "group"}, "group", "is missing", id="no group"),
        pytest.param({"signing_key": ""}, "signing_key", "must be filled", id="empty key"),
    ],
)
async def test_a_wrong_body_is_refused(
    calendly: Simulation, changes: Json, parameter: str, message: str
) -> None:
    response = await post(calendly, await asked(calendly, URL, **changes))

    assert response.status_code == 400
    assert {"parameter": parameter, "message": message} in response.json()["details"]


async def test_an_unknown_event_is_refused(calendly: Simulation) -> None:
    response = await post(calendly, await asked(calendly, URL, events=["invitee.created", "invitee.moved"]))

    (detail,) = response.json()["details"]
    assert (response.status_code, detail["parameter"]) == (400, "events[1]")


async def test_only_the_first_fault_is_told_where_that_is_assumed(calendly: Simulation) -> None:
    await calendly.assume(allDetails=False)

    response = await post(calendly, {})

    assert response.json()["details"] == [{"message": "is missing", "parameter": "url"}]


async def test_a_misspelt_field_is_refused_in_strict_mode(calendly: Simulation) -> None:
    response = await post(calendly, await asked(calendly, URL, signingkey="x"))

    assert response.json()["details"] == [
        {"message": "is unknown", "parameter": "signingkey", "code": "simulator_strict"}
    ]


@pytest.mark.parametrize(
    ("event", "scope"),
    [("routing_form_submission.created", "user"), ("meeting_recap.created", "organization")],
)
async def test_an_event_has_its_scopes(calendly: Simulation, event: str, scope: str) -> None:
    response = await post(calendly, await asked(calendly, URL, events=[event], scope=scope))

    message = f"cannot be subscribed to in the scope {scope}"
    assert response.json()["details"] == [{"message": message, "parameter": "events[0]"}]


@pytest.mark.parametrize("event", EVENTS)
async def test_an_event_takes_the_read_scope_of_its_family(calendly: Simulation, event: str) -> None:
    family = EVENTS[event]
    body = await asked(calendly, URL, events=[event], scope=family.scopes[0])
    await calendly.settings(roles={"ada": "owner"}, scopes={ADA: ["webhooks:write"]})

    without = await post(calendly, body)
    await calendly.settings(scopes={ADA: ["webhooks:write", family.read_scope]})

    assert without.json()["required_scopes"] == [family.read_scope]
    assert (await post(calendly, body)).status_code == 201


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        pytest.param({"scope": "organization", "user": None}, 403, id="the organisation's by a member"),
        pytest.param({"scope": "group", "group": "http://calendly.example.test/groups/G"}, 403, id="a group"),
        pytest.param({"user": NOBODY}, 404, id="an unknown user"),
        pytest.param(
            {"organization": "http://calendly.example.test/organizations/OTHER"}, 404, id="an organisation"
        ),
    ],
)
async def test_what_one_may_not_hear_is_refused(calendly: Simulation, changes: Json, status: int) -> None:
    response = await post(calendly, await asked(calendly, URL, **changes))

    assert response.status_code == status


async def test_a_member_may_hook_the_organization_where_that_is_assumed(calendly: Simulation) -> None:
    await calendly.assume(organizationHooksNeedAdmin=False)

    subscription = await subscribe(calendly, URL, scope="organization", user=None)

    assert (subscription["scope"], subscription["user"]) == ("organization", None)


async def test_another_users_bookings_are_for_admins(calendly: Simulation) -> None:
    grace = await calendly.as_(GRACE).me()
    body = await asked(calendly, URL, user=grace)

    refused = await post(calendly, body)
    await calendly.settings(roles={"ada": "admin"})

    assert refused.status_code == 403
    assert (await post(calendly, body)).json()["resource"]["user"] == grace


async def test_an_application_subscribes_for_its_user(calendly: Simulation) -> None:
    scope = "users:read webhooks:write scheduled_events:read"
    tokens = await Application(calendly=calendly).connect("grace", scope=scope)

    subscription = await subscribe(calendly.as_(tokens["access_token"]), URL, signing_key=None)

    assert subscription["creator"] == tokens["owner"]


async def test_a_signing_key_is_not_in_the_log(calendly: Simulation) -> None:
    await subscribe(calendly, URL)

    log = await calendly.http.get("/_simulator/calls")

    assert log.json()["items"][-1]["body"]["signing_key"] == "(hidden)"
    assert "simulator-signing-key" not in log.text


async def sample(calendly: Simulation, event: str, **query: str) -> Json:
    query = {"organization": await organization(calendly), "scope": "user", "event": event} | query
    return dict((await calendly.get("/sample_webhook_data", **query)).json())


async def test_a_sample_is_a_whole_message(calendly: Simulation) -> None:
    message = await sample(calendly, "invitee.canceled", user=await calendly.me())

    assert set(message) == {"event", "created_at", "created_by", "payload"}
    assert (message["event"], message["created_by"]) == ("invitee.canceled", await calendly.me())
    payload = message["payload"]
    assert (payload["status"], payload["cancellation"]["canceler_type"]) == ("canceled", "invitee")
    assert payload["scheduled_event"]["invitees_counter"] == {"total": 1, "active": 0, "limit": 1}
    assert "calendar_event" not in payload["scheduled_event"]


async def test_a_sample_of_a_no_show_has_one(calendly: Simulation) -> None:
    created = await sample(calendly, "invitee_no_show.created")
    deleted = await sample(calendly, "invitee_no_show.deleted")

    assert set(created["payload"]["no_show"]) == {"uri", "created_at"}
    assert deleted["payload"]["no_show"] is None


@pytest.mark.parametrize(
    ("with_buffers", "sent"), [(False, set()), (True, {"before_buffer", "after_buffer"})]
)
async def test_a_sample_of_an_event_type_is_one(
    calendly: Simulation, *, with_buffers: bool, sent: set[str]
) -> None:
    await calendly.assume(eventTypeMessagesHaveBuffers=with_buffers)
    kind = await calendly.event_type("intro-call")

    payload = (await sample(calendly, "event_type.updated"))["payload"]

    assert set(kind) - set(payload) == {"before_buffer", "after_buffer", "description_html"} - sent


async def test_a_deleted_event_type_says_when(calendly: Simulation) -> None:
    payload = (await sample(calendly, "event_type.deleted"))["payload"]

    assert payload["deleted_at"] == "2026-11-23T06:00:00.000000Z"


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        pytest.param({"event": "invitee.moved"}, "event", id="unknown event"),
        pytest.param({"event": ""}, "event", id="no event"),
        pytest.param({"scope": "team"}, "scope", id="unknown scope"),
        pytest.param({"event": "contact.created"}, "event", id="an event that is never sent"),
    ],
)
async def test_a_wrong_sample_is_refused(calendly: Simulation, query: dict[str, str], parameter: str) -> None:
    answer = await sample(calendly, **({"event": "invitee.created"} | query))

    assert [detail["parameter"] for detail in answer["details"]] == [parameter]


@pytest.mark.parametrize("path", ["/webhook_subscriptions", "/sample_webhook_data"])
async def test_a_scope_is_needed(calendly: Simulation, path: str) -> None:
    query = {"organization": await organization(calendly)}
    if path == "/sample_webhook_data":
        query["event"] = "invitee.created"

    response = await calendly.get(path, **query)

    assert response.json()["details"] == [{"message": "is missing", "parameter": "scope"}]
