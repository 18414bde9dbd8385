"""Looks after the subscriptions: one loop in every process, one look an hour for all processes."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from math import inf
from time import monotonic

import structlog

from app.errors import AppError
from app.store.state import StoreAwayError
from app.webhooks.subscriptions import Subscription

POLL = timedelta(seconds=30)
"""Between two questions whether a look is due."""

NEWCOMERS = timedelta(seconds=1)
"""Within which that is asked of one that is new here, as when an account was connected."""

log = structlog.get_logger()


async def watch(
    subscriptions: Callable[[], Sequence[Subscription]],
    poll: timedelta = POLL,
    newcomers: timedelta = NEWCOMERS,
) -> None:
    """Until cancelled."""
    known: set[str] = set()
    asked_at = -inf
    while True:
        present = subscriptions()
        is_due = monotonic() - asked_at >= poll.total_seconds()
        if is_due:
            asked_at = monotonic()
        for each in present:
            if is_due or each.wishes.url not in known:
                await _watched(each)
        known = {each.wishes.url for each in present}
        await asyncio.sleep(min(poll, newcomers).total_seconds())


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
