"""A subscription is made, listed and removed, as an operator asks."""

from dataclasses import replace

import pytest
from pydantic import SecretStr

from app.calendly.failures import AccessRefusedError, AddressTakenError
from app.webhooks.signatures import Verdict, verdict
from app.webhooks.subscriptions import EVENTS, Registered, Wishes
from tests.support.listener import listening
from tests.support.service import calls_of
from tests.support.simulation import ADA, GRACE
from tests.support.webhooks import subscribe
from tests.webhooks.office import KEY, URL, Office


async def test_it_is_registered_for_all_that_we_want_to_hear(office: Office) -> None:
    assert await office.subscription.register() is Registered.MADE

    [found] = await office.there()
    assert (found["callback_url"], found["scope"], found["state"]) == (URL, "user", "active")
    assert found["events"] == EVENTS
    assert found["user"] == await office.calendly.me()


def test_we_want_to_hear_of_all_that_is_documented_to_change_bookings_and_event_types() -> None:
    assert set(EVENTS) == {
        *("invitee.created", "invitee.canceled"),
        *("invitee_no_show.created", "invitee_no_show.deleted"),
        *("event_type.created", "event_type.updated", "event_type.deleted"),
    }


async def test_it_is_registered_with_our_key(office: Office) -> None:
    async with listening() as listener:
        elsewhere = replace(office.subscription, wishes=Wishes(url=listener.url, key=SecretStr(KEY)))
        await elsewhere.register()
        await office.calendly.book("intro-call")
        [received] = await listener.after(1)

    now = office.calendly.clock()
    assert verdict(received.signature, received.body, [KEY.encode()], now) is Verdict.GENUINE


async def test_without_a_key_that_of_the_application_is_left_to_sign(office: Office) -> None:
    keyless = replace(office.subscription, wishes=Wishes(url=URL, key=None))

    await keyless.register()

    [call] = await calls_of(office.calendly, "/webhook_subscriptions", "POST")
    assert "signing_key" not in call["body"]


async def test_to_register_again_changes_nothing(office: Office) -> None:
    await office.subscription.register()

    assert await office.subscription.register() is Registered.UNCHANGED
    assert await office.made() == 1


async def test_to_register_anew_makes_another_and_forgets_what_may_have_happened_between(
    office: Office,
) -> None:
    await office.subscription.register()
    [before] = await office.there()
    office.forgotten.clear()

    assert await office.subscription.register(anew=True) is Registered.REPLACED

    [after] = await office.there()
    assert after["uri"] != before["uri"]
    assert len(office.forgotten) == 1


async def test_one_for_other_events_is_replaced(office: Office) -> None:
    await subscribe(office.calendly, URL, events=["invitee.created"])

    assert await office.subscription.register() is Registered.REPLACED
    assert [each["events"] for each in await office.there()] == [EVENTS]


async def test_one_to_another_address_is_none_of_ours(office: Office) -> None:
    await subscribe(office.calendly, "http://127.0.0.1:9/elsewhere")

    assert await office.subscription.register() is Registered.MADE
    assert len(await office.there()) == 2
    assert await office.subscription.remove() == 1
    assert [each["callback_url"] for each in await office.there()] == ["http://127.0.0.1:9/elsewhere"]


async def test_all_of_the_account_are_listed(office: Office) -> None:
    await subscribe(office.calendly, "http://127.0.0.1:9/elsewhere")
    await office.subscription.register()

    assert {each.callback_url for each in await office.subscription.listed()} == {
        URL,
        "http://127.0.0.1:9/elsewhere",
    }


async def test_an_address_that_another_has_is_not_to_be_had(office: Office) -> None:
    await subscribe(office.calendly.as_(GRACE), URL)

    with pytest.raises(AddressTakenError):
        await office.subscription.register()


async def test_a_token_without_the_scopes_says_which(office: Office) -> None:
    await office.calendly.settings(scopes={ADA: ["users:read"]})

    with pytest.raises(AccessRefusedError) as refused:
        await office.subscription.register()

    assert refused.value.required_scopes == ("webhooks:read",)


async def test_what_is_removed_is_gone_and_may_be_removed_again(office: Office) -> None:
    await office.subscription.register()

    assert await office.subscription.remove() == 1
    assert await office.subscription.remove() == 0
    assert await office.there() == []
