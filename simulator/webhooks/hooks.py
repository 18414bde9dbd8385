"""Every subscription, what is sent to it, and when it is given up (section 9.2 of the reference)."""

from collections.abc import Collection
from datetime import datetime, timedelta

from msgspec.structs import replace

from simulator.settings import Mischief
from simulator.webhooks.deliveries import Attempt, Delivery
from simulator.webhooks.mischief import befalls, forged_body, forgery_of
from simulator.webhooks.outbox import Outbox
from simulator.webhooks.subscriptions import Subscription

DAY = timedelta(days=1)
"""How long a message is tried, and how long a subscription may do without any that arrives."""


class Hooks:
    def __init__(self) -> None:
        self.subscriptions: dict[str, Subscription] = {}
        self.outbox = Outbox()

    @property
    def busy(self) -> bool:
        """Whether anything will happen by the mere passing of time."""
        return bool(self.outbox) or any(
            one.active and one.retry_started_at for one in self.subscriptions.values()
        )

    def put(self, subscription: Subscription) -> None:
        """Add or replace."""
        self.subscriptions[subscription.uuid] = subscription

    def remove(self, subscription: Subscription) -> None:
        """Messages that wait for it are dropped."""
        del self.subscriptions[subscription.uuid]
        self.outbox.drop(subscription.uuid)

    def listeners(self, event: str, hosts: Collection[str]) -> list[Subscription]:
        return [one for one in self.subscriptions.values() if one.hears(event, hosts)]

    def enqueue(self, message: Delivery, mischief: Mischief) -> None:
        """The message, and whatever else comes of it."""
        number = message.number
        genuine = replace(
            message,
            due_at=message.created_at + timedelta(seconds=mischief.delay_seconds),
            held=befalls("reorder", number, mischief.reorder),
        )
        copies = [genuine]
        if befalls("duplicate", number, mischief.duplicate):
            copies.append(self._like(genuine, kind="duplicate"))
        if befalls("forge", number, mischief.forge):
            forgery = forgery_of(number)
            forged = forged_body(message.body, forgery)
            copies.append(
                self._like(genuine, kind="forged", forgery=forgery, body=forged, genuine_body=message.body)
            )
        for copy in copies:
            self.outbox.add(copy)

    def _like(self, genuine: Delivery, **changes: object) -> Delivery:
        return replace(genuine, number=self.outbox.number(), attempts=[], **changes)

    def settle(self, delivery: Delivery, attempt: Attempt, pause: timedelta) -> None:
        """After an attempt: `pause` is kept after the first failure, and doubles with each."""
        delivery.in_flight = False
        delivery.attempts.append(attempt)
        self.outbox.overtaken_by(delivery, attempt.at)
        if not delivery.waiting:
            return
        if delivery.kind == "forged":
            self.outbox.finish(delivery, "delivered" if attempt.succeeded else "refused")
            return
        self._note(delivery, attempt)
        next_at = attempt.at + pause * 2 ** (len(delivery.attempts) - 1)
        if attempt.succeeded:
            self.outbox.finish(delivery, "delivered")
        elif next_at > delivery.gives_up_at:
            self.outbox.finish(delivery, "given up")
        else:
            self.outbox.schedule(delivery, next_at)

    def _note(self, delivery: Delivery, attempt: Attempt) -> None:
        """What the attempt says of the subscription as a whole."""
        subscription = self.subscriptions[delivery.subscription]
        started_at = None if attempt.succeeded else subscription.retry_started_at or attempt.at
        if started_at != subscription.retry_started_at:
            self.put(replace(subscription, retry_started_at=started_at, updated_at=attempt.at))

    def disable_unreachable(self, now: datetime) -> None:
        """For good: a disabled subscription can only be made anew."""
        for one in list(self.subscriptions.values()):
            if one.active and one.retry_started_at and now - one.retry_started_at >= DAY:
                self.put(replace(one, state="disabled", updated_at=now))
                self.outbox.drop(one.uuid)
