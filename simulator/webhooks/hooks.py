"""Every subscription there is."""

from simulator.webhooks.subscriptions import Subscription


class Hooks:
    def __init__(self) -> None:
        self.subscriptions: dict[str, Subscription] = {}

    def remove(self, subscription: Subscription) -> None:
        del self.subscriptions[subscription.uuid]
