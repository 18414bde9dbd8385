"""Calendly's list of free times into our answer, with pydantic models at both ends.

Decodes the same bytes, checks the same fields, gives the same JSON.
"""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class AvailableTime(BaseModel):
    status: str
    start_time: AwareDatetime
    scheduling_url: str | None = None
    invitees_remaining: int = 1


class Collection(BaseModel):
    collection: list[AvailableTime]


class _Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Slot(_Shape):
    start: str
    spots_left: int


class Day(_Shape):
    date: date
    slot_count: int
    slots: list[Slot]


class Days(_Shape):
    days: list[Day]


def reshape(raw: bytes, zone: ZoneInfo, wanted: list[date], now: datetime) -> bytes:
    found: dict[date, list[Any]] = {day: [] for day in wanted}
    for time in Collection.model_validate_json(raw).collection:
        local = time.start_time.astimezone(zone)
        if time.status == "available" and time.start_time > now and local.date() in found:
            slot = Slot(start=local.isoformat(timespec="seconds"), spots_left=time.invitees_remaining)
            found[local.date()].append(slot)
    days = Days(days=[Day(date=day, slot_count=len(slots), slots=slots) for day, slots in found.items()])
    return days.model_dump_json(by_alias=True).encode()
