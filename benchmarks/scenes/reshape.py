"""From Calendly's list of 1,000 free times to our answer, within one process."""

import gc
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from time import process_time
from zoneinfo import ZoneInfo

import msgspec

from app.calendly.envelopes import Collection
from app.calendly.models import AvailableTime
from app.features.availability.mapping import local_days
from app.features.availability.schemas import Availability
from app.slots.model import Day
from app.slots.planning import by_date, dates
from benchmarks.effort import Effort
from benchmarks.figures import Figure, figure, ratios
from benchmarks.findings import Findings
from benchmarks.peers import reshape_models
from benchmarks.stage import Stage

SLOTS = 1000
A_DAY = 32
"""Slots, a quarter of an hour apart: 31 full days and a part."""

ZONE = ZoneInfo("Asia/Kolkata")
NOW = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
FIRST = date(2026, 3, 3)
LAST = FIRST + timedelta(days=SLOTS // A_DAY)
WANTED = dates((FIRST, LAST))
MILLISECOND = 1e-3

Reshape = Callable[[bytes], bytes]


def run_reshape(_stage: Stage, effort: Effort) -> Findings:
    raw = calendly_list()
    contenders: dict[str, Reshape] = {
        "this service": ours,
        "pydantic models": lambda body: reshape_models.reshape(body, ZONE, WANTED, NOW),
        "typed decode + encode": decoded_and_encoded,
    }
    assert _starts(ours(raw)) == _starts(contenders["pydantic models"](raw))
    costs: dict[str, list[float]] = {name: [] for name in contenders}
    for number in range(-1, effort.rounds):
        for name in contenders if number % 2 == 0 else reversed(contenders):
            cost = _cost(contenders[name], raw, effort.seconds)
            if number >= 0:
                costs[name].append(cost)
    mine = costs["this service"]
    findings = Findings()
    findings.figures["reshape.pydantic"] = ratios(costs["pydantic models"], mine)
    findings.figures["reshape.msgspec"] = ratios(mine, costs["typed decode + encode"])
    findings.notes += [f"reshape, {name}: {_shown(figure(each))}" for name, each in costs.items()]
    return findings


def ours(raw: bytes) -> bytes:
    """All that lies between Calendly's bytes and the browser's, but the cache."""
    times = msgspec.json.decode(raw, type=Collection[AvailableTime]).collection
    buckets = [Day(day, NOW, slots) for day, slots in by_date(times, (FIRST, LAST)).items()]
    return msgspec.json.encode(
        Availability(
            event_type_id="EXAMPLE",
            time_zone=ZONE.key,
            from_=FIRST,
            to=LAST,
            duration_minutes=30,
            as_of=NOW,
            state="fresh",
            days=local_days(buckets, WANTED, ZONE, NOW),
        )
    )


def decoded_and_encoded(raw: bytes) -> bytes:
    """The least that typed work on this list costs: nothing is reshaped."""
    return msgspec.json.encode(msgspec.json.decode(raw, type=Collection[AvailableTime]))


def calendly_list() -> bytes:
    begins = datetime.combine(FIRST, time(6), UTC)
    items = []
    for number in range(SLOTS):
        start = begins + timedelta(days=number // A_DAY, minutes=15 * (number % A_DAY))
        text = start.strftime("%Y-%m-%dT%H:%M:%SZ")
        items.append(
            {
                "status": "available",
                "invitees_remaining": 1,
                "start_time": text,
                "scheduling_url": f"https://calendly.example.test/ada/intro/{text}",
            }
        )
    return msgspec.json.encode({"collection": items})


def _starts(answer: bytes) -> list[str]:
    return [slot["start"] for day in msgspec.json.decode(answer)["days"] for slot in day["slots"]]


def _cost(reshape: Reshape, raw: bytes, seconds: float) -> float:
    """CPU seconds for one list. The collector runs as often as it wants: that is part of the cost."""
    gc.collect()
    begun, times = process_time(), 0
    while process_time() - begun < seconds:
        reshape(raw)
        times += 1
    return (process_time() - begun) / times


def _shown(found: Figure) -> str:
    return f"{found.median / MILLISECOND:.2f} ms CPU"
