"""Deliveries to put into an inbox, and whose."""

import json
from datetime import timedelta

from app.webhooks.deliveries import Delivery, read
from app.webhooks.effects import Record
from app.webhooks.inbox import Kept
from tests.support.hooks import START, delivery

ADA, GRACE = "ADAAAAAAAAAAAAAA", "GRACEAAAAAAAAAAA"
HOLD = timedelta(seconds=30)
AT_ONCE = timedelta(0)
BOOKED = Kept(Record(created=True, start=START), timedelta(days=40))


def told(invitee: str = "IN1") -> Delivery:
    found = read(json.dumps(delivery(invitee=invitee)).encode()).delivery
    assert found is not None
    return found
