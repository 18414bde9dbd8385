"""What Calendly has given up or lost is made anew, and what nobody was told of meanwhile is read again."""

import asyncio
from datetime import timedelta

import pytest

from app.background import running
from app.calendly.failures import OutcomeUnknownError
from app.errors import UpstreamFailedError
from app.store.state import StoreAwayError
from app.webhooks.looks import AGAIN, Look, State
from app.webhooks.subscriptions import Subscription
from app.webhooks.watch import watch
from tests.soak.waiting import until
from tests.support.service import plan_fault
from tests.webhooks.office import Office


async def test_what_is_active_needs_no_mending(office: Office) -> None:
    await office.subscription.register()
    office.forgotten.clear()

    assert await office.subscription.mend() is False
    assert (await office.made(), office.forgotten) == (1, [])


@pytest.mark.fault("W05")
async def test_what_calendly_has_given_up_is_mended_and_the_gap_is_read_again(office: Office) -> None:
    await office.subscription.register()
    await office.disabled()
    office.forgotten.clear()

    assert await office.subscription.mend() is True

    assert [each["state"] for each in await office.there()] == ["active"]
    assert len(office.forgotten) == 1


@pytest.mark.fault("W05")
async def test_the_hourly_look_mends_what_calendly_has_given_up(office: Office) -> None:
    await office.subscription.register()
    await office.disabled()
    office.forgotten.clear()

    found = await office.subscription.look_if_due()

    assert found is not None
    assert (found.state, found.wanted) == (State.DISABLED, True)
    assert [each["state"] for each in await office.there()] == ["active"]
    assert len(office.forgotten) == 1
    assert await office.noted() == (State.ACTIVE, office.calendly.clock())


@pytest.mark.fault("W05")
async def test_the_hourly_look_mends_what_somebody_has_deleted(office: Office) -> None:
    await office.subscription.register()
    [found] = await office.there()
    await office.calendly.call("DELETE", found["uri"])
    office.calendly.clock.advance(hours=1)

    await office.subscription.look_if_due()

    assert len(await office.there()) == 1


@pytest.mark.fault("W05")
async def test_what_could_not_be_made_anew_is_tried_again_soon(office: Office) -> None:
    await office.subscription.register()
    await office.disabled()
    await office.refuse_one()
    with pytest.raises(OutcomeUnknownError):
        await office.subscription.look_if_due()
    assert await office.there() == []

    office.calendly.clock.advance(seconds=AGAIN.total_seconds())
    await office.subscription.look_if_due()

    assert [each["state"] for each in await office.there()] == ["active"]


async def test_what_was_active_and_could_not_be_replaced_is_made_soon(office: Office) -> None:
    await office.subscription.register()
    await office.refuse_one()
    with pytest.raises(OutcomeUnknownError):
        await office.subscription.register(anew=True)

    office.calendly.clock.advance(seconds=AGAIN.total_seconds())
    await office.subscription.look_if_due()

    assert [each["state"] for each in await office.there()] == ["active"]


async def test_where_it_was_made_though_calendly_did_not_say_so_the_gap_is_read_again(office: Office) -> None:
    await office.refuse_one("commit_then_status")
    with pytest.raises(OutcomeUnknownError):
        await office.subscription.register()
    office.calendly.clock.advance(seconds=AGAIN.total_seconds())

    await office.subscription.look_if_due()

    assert (len(office.forgotten), await office.made()) == (1, 1)
    assert await office.noted() == (State.ACTIVE, office.calendly.clock())


async def test_a_process_that_dies_at_it_leaves_it_to_the_next(office: Office) -> None:
    """In the middle of making it anew: it is missing, and wanted."""
    await office.subscription.register()
    await plan_fault(office.calendly, "status", path="^/webhook_subscriptions$", method="POST", status=400)
    with pytest.raises(UpstreamFailedError):
        await office.subscription.register(anew=True)
    assert await office.there() == []
    office.calendly.clock.advance(hours=1)

    await office.subscription.look_if_due()

    assert len(await office.there()) == 1


@pytest.mark.fault("W05")
async def test_it_is_looked_after_for_as_long_as_the_process(office: Office) -> None:
    """One of two fails in every way, and the other is mended all the same."""

    class Broken(Subscription):
        async def look_if_due(self) -> Look | None:
            raise failures.pop() if failures else UpstreamFailedError

    failures: list[Exception] = [StoreAwayError(), UpstreamFailedError(), ZeroDivisionError()]
    broken = Broken(**{name: getattr(office.subscription, name) for name in Subscription.__slots__})
    await office.subscription.register()
    await office.disabled()

    async def is_mended() -> bool:
        return [each["state"] for each in await office.there()] == ["active"] and not failures

    async with (
        asyncio.timeout(10),
        running(watch(lambda: [broken, office.subscription], timedelta(milliseconds=10))),
    ):
        await until(is_mended, every=0.02)
