"""What the reshaping contenders are given, and that they do the same."""

import msgspec

from benchmarks.peers import reshape_models
from benchmarks.scenes.reshape import NOW, SLOTS, WANTED, ZONE, calendly_list, ours


def test_both_give_every_slot() -> None:
    raw = calendly_list()

    days = msgspec.json.decode(ours(raw))["days"]

    assert sum(len(day["slots"]) for day in days) == SLOTS
    assert msgspec.json.decode(reshape_models.reshape(raw, ZONE, WANTED, NOW))["days"] == days
