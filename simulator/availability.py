"""From state to free times: which hosts, meetings and seats the schedule engine has to reckon with."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from simulator.model import WEEKDAYS, EventType, Schedule, ScheduledEvent
from simulator.schedule import (
    Demand,
    Host,
    Hours,
    Meeting,
    starts_of_all,
    starts_of_any,
    starts_of_one,
)
from simulator.state import State


@dataclass(frozen=True, slots=True)
class Slot:
    start: datetime
    seats_left: int


def demand_of(event_type: EventType, first: datetime, last: datetime, now: datetime) -> Demand:
    """The range asked for, narrowed by minimum notice and horizon."""
    return Demand(
        duration=event_type.length,
        increment=timedelta(minutes=event_type.start_time_increment),
        before=event_type.before,
        after=event_type.after,
        earliest=max(first, now + timedelta(minutes=event_type.minimum_notice)),
        latest=min(last, now + timedelta(days=event_type.horizon)),
    )


def open_slots(state: State, event_type: EventType, first: datetime, last: datetime) -> list[Slot]:
    """Every slot that can be booked now and starts within the range, both ends included."""
    demand = demand_of(event_type, first, last, state.now())
    if demand.earliest > demand.latest:
        return []
    seats = event_type.seats if event_type.is_group else 1
    slots = {start: Slot(start, seats) for start in _free_starts(state, event_type, demand)}
    for event in joinable_events(state, event_type):
        if demand.earliest <= event.start <= demand.latest:
            slots[event.start] = Slot(event.start, event.seats - state.seats_taken(event))
    return [slots[start] for start in sorted(slots)]


def slot_at(state: State, event_type: EventType, start: datetime) -> Slot | None:
    return next(iter(open_slots(state, event_type, start, start)), None)


def joinable_events(state: State, event_type: EventType) -> list[ScheduledEvent]:
    """Group events with seats left: the only meetings that do not take their slot away."""
    if not event_type.is_group:
        return []
    running = (
        event for event in state.events.values() if event.active and event.event_type == event_type.uuid
    )
    return [event for event in running if state.seats_taken(event) < event.seats]


def free_hosts(state: State, event_type: EventType, start: datetime) -> list[str]:
    """Who could take a round robin meeting, least booked first."""
    demand = demand_of(event_type, start, start, state.now())
    add_up = state.settings.assumptions.buffers_add_up
    free = [
        user for user in event_type.hosts if starts_of_one(demand, _host(state, user), buffers_add_up=add_up)
    ]
    return sorted(free, key=lambda user: len(list(state.active_events_of(user))))


def takes_one_host(state: State, event_type: EventType) -> bool:
    """Whether any of its hosts will do, rather than all of them."""
    if event_type.pooling_type == "multi_pool":
        return not state.settings.assumptions.multi_pool_needs_all_hosts
    return event_type.pooling_type == "round_robin"


def _free_starts(state: State, event_type: EventType, demand: Demand) -> list[datetime]:
    hosts = [_host(state, user) for user in event_type.hosts]
    find = starts_of_any if takes_one_host(state, event_type) else starts_of_all
    return find(demand, hosts, buffers_add_up=state.settings.assumptions.buffers_add_up)


def _host(state: State, user_id: str) -> Host:
    user = state.users[user_id]
    weekdays, dates = _hours(user.schedule)
    return Host(
        timezone=ZoneInfo(user.schedule.timezone),
        weekdays=weekdays,
        dates=dates,
        meetings=[_meeting(event) for event in state.active_events_of(user_id)],
    )


def _meeting(event: ScheduledEvent) -> Meeting:
    return Meeting(start=event.start, end=event.end, before=event.before, after=event.after)


def _hours(schedule: Schedule) -> tuple[dict[int, Hours], dict[date, Hours]]:
    weekdays: dict[int, Hours] = {}
    dates: dict[date, Hours] = {}
    for rule in schedule.rules:
        hours = tuple((_from_midnight(i.start), _from_midnight(i.end)) for i in rule.intervals)
        if rule.wday is not None:
            weekdays[WEEKDAYS.index(rule.wday)] = hours
        if rule.day is not None:
            dates[rule.day] = hours
    return weekdays, dates


def _from_midnight(wall_time: str) -> timedelta:
    hours, minutes = wall_time.split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))
