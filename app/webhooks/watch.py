"""Looks after the subscriptions: one loop in every process, one look an hour for all of them."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta

import structlog

from app.errors import AppError
from app.store.state import StoreAwayError
from app.webhooks.subscriptions import Subscription

POLL = timedelta(seconds=30)
"""Between two questions whether a look is due."""

log = structlog.get_logger()


async def watch(subscriptions: Callable[[], Sequence[Subscription]], poll: timedelta = POLL) -> None:
    """Until cancelled."""
    while True:
        for each in subscriptions():
            await _watched(each)
        await asyncio.sleep(poll.total_seconds())


async def _watched(subscription: Subscription) -> None:
    """Whatever goes wrong with one, there are others, and there is a next time."""
    try:
        await subscription.look_if_due()
    except StoreAwayError:
        pass  # has been logged
    except AppError as error:
        log.warning("webhooks.subscription_unknown", error=error.code)
    except Exception:
        log.exception("webhooks.watch_failed")
