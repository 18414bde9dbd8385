"""Control calls about the messages that were sent."""

from simulator.control_call import ControlCall
from simulator.webhooks.deliveries import delivery_json


def get_deliveries(call: ControlCall) -> object:
    """Every message, oldest first, with each attempt to send it and what became of it."""
    deliveries = call.state.hooks.outbox.deliveries
    return {"items": [delivery_json(call.wire.links, delivery) for delivery in deliveries]}


def delete_deliveries(call: ControlCall) -> None:
    """Forget those that are done with."""
    call.state.hooks.outbox.clear()
