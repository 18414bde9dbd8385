"""Webhook subscriptions: what is asked, word for word, and what comes back."""

import json
from typing import Any

import pytest
import respx

from app.calendly.client import CalendlyClient
from app.calendly.failures import AccessRefusedError, AddressTakenError, NotSentError, OutcomeUnknownError
from app.calendly.webhooks import NewWebhookSubscription
from app.errors import AppError, NotFoundError, UpstreamFailedError
from tests.calendly import rig

PATH = "/webhook_subscriptions"
URL = "https://booking.example.test/webhooks/calendly"
KEY = "a-signing-key-of-the-tests"
WHOSE = {"organization": rig.ORGANIZATION, "user": rig.USER}
NEW = NewWebhookSubscription(url=URL, events=["invitee.created"], signing_key=KEY, **WHOSE)


def subscription(**changes: Any) -> dict[str, Any]:
    return {
        "uri": f"{rig.ORIGIN}{PATH}/HOOKAAAAAAAAAAAA",
        "callback_url": URL,
        "created_at": "2026-11-22T12:00:00.000000Z",
        "updated_at": "2026-11-22T12:00:00.000000Z",
        "retry_started_at": None,
        "state": "active",
        "events": ["invitee.created"],
        "scope": "user",
        "organization": rig.ORGANIZATION,
        "user": rig.USER,
        "group": None,
        "creator": rig.USER,
    } | changes


async def test_those_of_one_user_are_listed(calendly: respx.Router, client: CalendlyClient) -> None:
    route = calendly.get(PATH).respond(json=rig.collection(subscription(), subscription(state="disabled")))

    found = await client.webhook_subscriptions.list_webhook_subscriptions(**WHOSE)

    assert [each.state for each in found] == ["active", "disabled"]
    assert dict(route.calls.last.request.url.params) == {**WHOSE, "scope": "user", "count": "100"}


async def test_a_list_with_a_part_that_cannot_be_read_is_none(
    calendly: respx.Router, client: CalendlyClient
) -> None:
    """Or what is there might be made a second time."""
    calendly.get(PATH).respond(json=rig.collection(subscription(), {"uri": 1}))

    with pytest.raises(UpstreamFailedError):
        await client.webhook_subscriptions.list_webhook_subscriptions(**WHOSE)


async def test_one_is_read(calendly: respx.Router, client: CalendlyClient) -> None:
    calendly.get(f"{PATH}/HOOKAAAAAAAAAAAA").respond(json=rig.resource(subscription()))

    found = await client.webhook_subscriptions.get_webhook_subscription("HOOKAAAAAAAAAAAA")

    assert (found.callback_url, client.webhook_subscriptions.id_of(found)) == (URL, "HOOKAAAAAAAAAAAA")


async def test_one_is_made(calendly: respx.Router, client: CalendlyClient) -> None:
    route = calendly.post(PATH).respond(201, json=rig.resource(subscription()))

    made = await client.webhook_subscriptions.create_webhook_subscription(NEW)

    assert made.state == "active"
    assert json.loads(route.calls.last.request.content) == {
        "url": URL,
        "events": ["invitee.created"],
        **WHOSE,
        "scope": "user",
        "signing_key": KEY,
    }


async def test_one_is_deleted_with_an_empty_answer(calendly: respx.Router, client: CalendlyClient) -> None:
    route = calendly.delete(f"{PATH}/HOOKAAAAAAAAAAAA").respond(204)

    await client.webhook_subscriptions.delete_webhook_subscription("HOOKAAAAAAAAAAAA")

    request = route.calls.last.request
    assert request.headers["authorization"] == f"Bearer {rig.TOKEN}"
    assert "content-type" not in request.headers
    assert request.content == b""


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (401, AccessRefusedError),
        (403, AccessRefusedError),
        (404, NotFoundError),
        (500, OutcomeUnknownError),
        (303, OutcomeUnknownError),
    ],
)
async def test_a_deletion_may_be_refused(
    calendly: respx.Router, client: CalendlyClient, status: int, failure: type[AppError]
) -> None:
    route = calendly.delete(f"{PATH}/HOOKAAAAAAAAAAAA").respond(status, json={})

    with pytest.raises(failure):
        await client.webhook_subscriptions.delete_webhook_subscription("HOOKAAAAAAAAAAAA")

    assert route.call_count == 1


@pytest.mark.parametrize(
    ("status", "failure"),
    [
        (409, AddressTakenError),
        (400, UpstreamFailedError),
        (403, AccessRefusedError),
        (503, OutcomeUnknownError),
    ],
)
async def test_a_new_one_may_be_refused(
    calendly: respx.Router, client: CalendlyClient, status: int, failure: type[AppError]
) -> None:
    calendly.post(PATH).respond(
        status, json={"title": "Already Exists", "message": "Hook with this url already exists"}
    )

    with pytest.raises(failure) as refused:
        await client.webhook_subscriptions.create_webhook_subscription(NEW)

    assert not isinstance(refused.value, NotSentError)


@pytest.mark.parametrize("uuid", ["", "..", "a/b", "a?b", "x" * 65])
async def test_what_cannot_be_an_id_costs_no_call(
    calendly: respx.Router, client: CalendlyClient, uuid: str
) -> None:
    with pytest.raises(NotFoundError):
        await client.webhook_subscriptions.delete_webhook_subscription(uuid)

    assert not calendly.calls


@pytest.mark.parametrize("part", ["organization", "user"])
async def test_nothing_is_asked_about_another_host(
    calendly: respx.Router, client: CalendlyClient, part: str
) -> None:
    foreign = WHOSE | {part: "https://elsewhere.example.test/users/ADAAAAAAAAAAAAAA"}

    with pytest.raises(UpstreamFailedError):
        await client.webhook_subscriptions.list_webhook_subscriptions(**foreign)
    with pytest.raises(UpstreamFailedError):
        await client.webhook_subscriptions.create_webhook_subscription(
            NewWebhookSubscription(url=URL, events=[], **foreign)
        )

    assert not calendly.calls


def test_a_key_is_not_shown() -> None:
    assert KEY not in repr(NEW)
