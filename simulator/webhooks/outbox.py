"""Messages in the order in which they fall due. It knows nothing of success: that is its caller's."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import heappop, heappush

from simulator.webhooks.deliveries import Delivery, Outcome

HELD_FOR = timedelta(seconds=1)
"""How long a delivery waits for a later one to overtake it."""


class Outbox:
    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self._queue: list[tuple[datetime, int]] = []
        self._waiting: dict[int, Delivery] = {}
        self._held: dict[str, list[Delivery]] = {}
        self._made = 0

    def __bool__(self) -> bool:
        return bool(self._waiting)

    def number(self) -> int:
        self._made += 1
        return self._made

    def add(self, delivery: Delivery) -> None:
        """At its `due_at`, or `HELD_FOR` later where it is held back."""
        self.deliveries.append(delivery)
        self._waiting[delivery.number] = delivery
        if delivery.held:
            self._held.setdefault(delivery.subscription, []).append(delivery)
        self.schedule(delivery, delivery.due_at + HELD_FOR if delivery.held else delivery.due_at)

    def schedule(self, delivery: Delivery, due_at: datetime) -> None:
        delivery.due_at = due_at
        heappush(self._queue, (due_at, delivery.number))

    def due(self, now: datetime) -> Iterator[Delivery]:
        """Each is in flight until it is scheduled again or finished."""
        while self._queue and self._queue[0][0] <= now:
            due_at, number = heappop(self._queue)
            delivery = self._waiting.get(number)
            if delivery and not delivery.in_flight and delivery.due_at == due_at:
                delivery.in_flight = True
                yield delivery

    def overtaken_by(self, delivery: Delivery, now: datetime) -> None:
        """Those that were held back until now are due. One that was held back itself overtakes nobody."""
        if delivery.held:
            return
        held = self._held.get(delivery.subscription, [])
        for other in [other for other in held if other.number < delivery.number]:
            held.remove(other)
            if not (other.in_flight or other.attempts):
                self.schedule(other, now)

    def finish(self, delivery: Delivery, outcome: Outcome) -> None:
        delivery.outcome = outcome
        self._waiting.pop(delivery.number, None)

    def drop(self, subscription: str) -> None:
        """Whatever waits for this subscription."""
        for delivery in [one for one in self._waiting.values() if one.subscription == subscription]:
            self.finish(delivery, "dropped")

    def clear(self) -> None:
        """Forget what is done with."""
        self.deliveries = [delivery for delivery in self.deliveries if delivery.waiting]
