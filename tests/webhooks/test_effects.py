"""What follows from deliveries, in whatever order and however often they come: held against a model."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.webhooks.deliveries import Delivery, as_hint, read
from app.webhooks.effects import (
    Change,
    DaysUntrue,
    Effect,
    EventTypesUntrue,
    News,
    Notice,
    Outcome,
    Record,
    Seated,
    decide,
    subjects_of,
)
from tests.support.hooks import START, delivery, event_type_delivery, uri_of
from tests.support.simulation import Json


def seat_at(days: int) -> Json:
    start = START + timedelta(days=days)
    return {"start_time": start.isoformat(), "end_time": (start + timedelta(minutes=30)).isoformat()}


def created(invitee: str, day: int = 0, old: str | None = None, **seat: object) -> Json:
    moved_from = {"old_invitee": uri_of(old)} if old else {}
    return delivery("invitee.created", invitee, **moved_from, scheduled_event=seat_at(day) | seat)


def canceled(invitee: str, day: int = 0, new: str | None = None, **changes: object) -> Json:
    moved_to = {"new_invitee": uri_of(new), "rescheduled": True} if new else {}
    return delivery("invitee.canceled", invitee, **moved_to, **changes, scheduled_event=seat_at(day))


BOOKED = [created("A")]
CANCELED = [created("A"), canceled("A")]
MOVED = [created("A"), canceled("A", new="B"), created("B", 1, old="A")]
MOVED_TWICE = [*MOVED, canceled("B", 1, new="C"), created("C", 2, old="B")]
MOVED_AND_CANCELED = [*MOVED, canceled("B", 1, old_invitee=uri_of("A"))]
MOVED_AND_CANCELED_WITHOUT_A_WORD_OF_BEFORE = [*MOVED, canceled("B", 1)]
SEQUENCES = {
    "booked": BOOKED,
    "canceled": CANCELED,
    "moved": MOVED,
    "moved twice": MOVED_TWICE,
    "moved and canceled": MOVED_AND_CANCELED,
    "moved and canceled, with less said": MOVED_AND_CANCELED_WITHOUT_A_WORD_OF_BEFORE,
    "two people": [created("A"), created("Z", 3), canceled("A"), canceled("Z", 3)],
}


def parsed(message: Json) -> Delivery:
    found = read(json.dumps(message).encode()).delivery
    assert found is not None
    return found


@dataclass
class Host:
    """Keeps records as the worker does, and everything that it is told."""

    records: dict[str, Record] = field(default_factory=dict)
    effects: list[Effect] = field(default_factory=list)

    def hear(self, message: Json, *, dies: bool = False) -> None:
        """`dies`: after the effects, and before anything is kept."""
        told = parsed(message)
        known = {id_: self.records[id_] for id_ in subjects_of(told) if id_ in self.records}
        decision = decide(told, known)
        self.effects += decision.effects
        if not dies:
            self.records |= decision.records

    @property
    def notices(self) -> list[Notice]:
        return [each for each in self.effects if isinstance(each, Notice)]

    @property
    def news(self) -> list[News]:
        return [each for each in self.effects if isinstance(each, News)]

    def told(self) -> set[str]:
        return {each.once for each in self.notices} | {each.once for each in self.news}

    def told_to_be_over(self) -> set[str]:
        """As somebody hears it who knows bookings by their ids alone."""
        canceled = {each.invitee for each in self.notices if each.outcome is Outcome.CANCELED}
        return canceled | {each.previous for each in self.notices if each.previous}


def after(messages: Iterable[Json]) -> Host:
    host = Host()
    for message in messages:
        host.hear(message)
    return host


def test_a_booking_is_told_of() -> None:
    host = after(BOOKED)

    assert host.effects[0] == DaysUntrue(START, START + timedelta(minutes=30), "INTROCALLAAAAAAA")
    assert host.effects[1] == Seated("INTROCALLAAAAAAA", START)
    [news], [notice] = host.news, host.notices
    assert (news.change, news.event_type, news.start) == (Change.TAKEN, "INTROCALLAAAAAAA", START)
    assert (notice.outcome, notice.email, notice.invitee) == (Outcome.CONFIRMED, "grace@example.test", "A")


def test_days_are_untrue_before_anybody_is_told_to_read_them_again() -> None:
    for messages in SEQUENCES.values():
        for message in messages:
            effects = after([message]).effects

            assert isinstance(effects[0], DaysUntrue)


def test_a_cancellation_is_told_of_with_its_reason() -> None:
    host = after([created("A"), canceled("A", cancellation={"reason": "Ill", "canceler_type": "invitee"})])

    assert [each.change for each in host.news] == [Change.TAKEN, Change.FREED]
    assert [(each.outcome, each.reason) for each in host.notices] == [
        (Outcome.CONFIRMED, None),
        (Outcome.CANCELED, "Ill"),
    ]


@pytest.mark.parametrize("halves", [MOVED[1:], MOVED[:0:-1]], ids=["old first", "new first"])
def test_a_move_is_told_as_one_whichever_half_comes_first(halves: Sequence[Json]) -> None:
    host = after([MOVED[0], *halves])

    assert [each.outcome for each in host.notices] == [Outcome.CONFIRMED, Outcome.RESCHEDULED]
    moved = host.notices[-1]
    assert (moved.invitee, moved.previous, moved.previous_start) == ("B", "A", START)
    assert {"taken:A", "freed:A", "taken:B"} <= host.told()
    assert DaysUntrue(START, START + timedelta(minutes=30), "INTROCALLAAAAAAA") in host.effects[-5:]


@pytest.mark.parametrize("message", [created("A"), canceled("A")], ids=["created", "canceled"])
def test_of_a_hint_nothing_is_believed_but_that_there_may_be_something_to_see(message: Json) -> None:
    decision = decide(as_hint(parsed(message)), {})

    days, news = decision.effects
    assert days == DaysUntrue(START, START + timedelta(minutes=30), "INTROCALLAAAAAAA")
    assert isinstance(news, News)
    assert news.change is Change.CHANGED
    assert (decision.records, subjects_of(as_hint(parsed(message)))) == ({}, [])


def test_of_a_group_nobody_hears_that_its_slot_is_taken() -> None:
    message = created("A", invitees_counter={"total": 3, "active": 3, "limit": 10})

    assert [each.change for each in after([message]).news] == [Change.CHANGED]


@pytest.mark.parametrize("counter", [None, {"total": 1, "active": 1, "limit": 2}])
def test_what_may_have_more_seats_is_not_called_taken(counter: Json | None) -> None:
    assert [each.change for each in after([created("A", invitees_counter=counter)]).news] == [Change.CHANGED]


def test_without_an_event_type_there_is_still_a_booking() -> None:
    host = after([created("A", event_type=None)])

    assert (host.news, [each.event_type for each in host.notices]) == ([], [None])


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"name": "Grace Example"}, "Grace Example"),
        ({"name": None, "first_name": "Grace", "last_name": "Example"}, "Grace Example"),
        ({"name": None, "first_name": "Grace"}, "Grace"),
        ({"name": None}, None),
    ],
)
def test_a_notice_has_a_name_where_there_is_one(names: Json, expected: str | None) -> None:
    [notice] = after([delivery(**names)]).notices

    assert notice.name == expected


@pytest.mark.parametrize("event", ["event_type.created", "event_type.updated", "event_type.deleted"])
def test_a_changed_event_type_makes_all_of_them_untrue(event: str) -> None:
    assert after([event_type_delivery(event)]).effects == [EventTypesUntrue()]


def test_a_record_is_kept_as_it_is() -> None:
    for record in after(MOVED_AND_CANCELED).records.values():
        assert msgspec.json.decode(msgspec.json.encode(record), type=Record) == record


@dataclass(frozen=True)
class Model:
    """What is true in the end, worked out from a whole sequence at once."""

    messages: Sequence[Json]

    def _about(self, event: str) -> dict[str, Json]:
        chosen = [each["payload"] for each in self.messages if each["event"] == event]
        return {payload["uri"].rpartition("/")[2]: payload for payload in chosen}

    @property
    def began(self) -> dict[str, Json]:
        return self._about("invitee.created")

    @property
    def ended(self) -> dict[str, Json]:
        return self._about("invitee.canceled")

    @property
    def replaced(self) -> set[str]:
        return {
            payload["old_invitee"].rpartition("/")[2]
            for payload in self.began.values()
            if payload["old_invitee"]
        }

    def records(self) -> dict[str, tuple[bool, bool, bool]]:
        return {
            id_: (id_ in self.began, id_ in self.ended, id_ in self.replaced)
            for id_ in {*self.began, *self.ended, *self.replaced}
        }

    def must_be_told(self) -> set[str]:
        """Whatever the order: what stands, what ended, and each move, which is the end of something."""
        stands = {id_: payload for id_, payload in self.began.items() if id_ not in self.ended}
        moved = {f"rescheduled:{id_}" for id_, payload in self.began.items() if payload["old_invitee"]}
        begun = {f"confirmed:{id_}" for id_, payload in stands.items() if not payload["old_invitee"]}
        over = {f"canceled:{id_}" for id_ in self.ended if id_ not in self.replaced}
        slots = {f"taken:{id_}" for id_ in stands} | {f"freed:{id_}" for id_ in self.ended}
        return begun | moved | over | slots

    def may_be_told(self) -> set[str]:
        """And what began and is over, where it was heard of in time."""
        begun = {
            f"{'rescheduled' if payload['old_invitee'] else 'confirmed'}:{id_}"
            for id_, payload in self.began.items()
        }
        return self.must_be_told() | begun | {f"taken:{id_}" for id_ in self.began}


def _disordered(messages: Sequence[Json]) -> st.SearchStrategy[list[tuple[Json, bool]]]:
    """Each at least once, in any order, some again; before some of them the process dies half-way."""
    again = st.lists(st.sampled_from(messages), max_size=4)
    order = again.flatmap(lambda more: st.permutations([*messages, *more]))
    deaths = st.lists(st.booleans(), min_size=len(messages) + 4, max_size=len(messages) + 4)
    return st.tuples(order, deaths).map(lambda both: list(zip(*both, strict=False)))


@pytest.mark.fault("W03")
@pytest.mark.parametrize("name", SEQUENCES)
@given(st.data())
def test_every_order_with_any_repetitions_ends_as_the_model_says(name: str, data: st.DataObject) -> None:
    messages = SEQUENCES[name]
    model, host = Model(messages), Host()

    for message, dies in data.draw(_disordered(messages)):
        if dies:
            host.hear(message, dies=True)
        host.hear(message)

    found = {id_: (record.created, record.canceled, record.moved) for id_, record in host.records.items()}
    assert found == model.records()
    assert {id_: record.start for id_, record in host.records.items()} == {
        id_: record.start for id_, record in after(messages).records.items()
    }
    assert model.must_be_told() <= host.told() <= model.may_be_told()
    assert host.told_to_be_over() == model.ended.keys() | model.replaced


@pytest.mark.fault("W03")
@pytest.mark.parametrize("name", SEQUENCES)
@given(st.data())
def test_nothing_that_is_over_is_told_to_begin(name: str, data: st.DataObject) -> None:
    host = Host()
    over: set[str] = set()

    for message, _ in data.draw(_disordered(SEQUENCES[name])):
        before = len(host.effects)
        host.hear(message)
        begun = {
            each.once
            for each in host.effects[before:]
            if (isinstance(each, Notice) and each.outcome is not Outcome.CANCELED and not each.is_over)
            or (isinstance(each, News) and each.once.startswith("taken"))
        }
        assert not begun & {f"{kind}:{id_}" for id_ in over for kind in ("confirmed", "rescheduled", "taken")}
        over |= {id_ for id_, record in host.records.items() if record.is_over}


@pytest.mark.fault("W03")
@given(st.permutations(MOVED_TWICE))
def test_a_move_is_never_told_as_a_cancellation(messages: list[Json]) -> None:
    assert Outcome.CANCELED not in {each.outcome for each in after(messages).notices}


@pytest.mark.fault("W03")
def test_a_cancellation_says_whose_place_it_took() -> None:
    """Perhaps nobody has told of that move."""
    notice = after([MOVED[0], MOVED[1], MOVED_AND_CANCELED[3]]).notices[-1]

    assert (notice.outcome, notice.invitee, notice.previous) == (Outcome.CANCELED, "B", "A")


@pytest.mark.fault("W03")
def test_a_move_to_a_time_that_is_given_up_again_is_told_as_one_that_is_over() -> None:
    late = after([created("A"), *MOVED_TWICE[3:], *MOVED_TWICE[1:3]]).notices[-1]

    assert (late.outcome, late.invitee, late.previous, late.is_over) == (Outcome.RESCHEDULED, "B", "A", True)


@given(st.sampled_from(sorted(SEQUENCES)), st.data())
def test_each_of_the_days_is_made_untrue(name: str, data: st.DataObject) -> None:
    messages = data.draw(st.permutations(SEQUENCES[name]))

    untrue = {each.start.isoformat() for each in after(messages).effects if isinstance(each, DaysUntrue)}

    assert untrue == {message["payload"]["scheduled_event"]["start_time"] for message in messages}


@pytest.mark.parametrize("message", MOVED_AND_CANCELED)
def test_what_is_told_again_has_the_same_name(message: Json) -> None:
    once, twice = after([message]), Host()

    twice.hear(message, dies=True)
    twice.hear(message)

    assert twice.told() == once.told()
    assert len(twice.notices) == 2 * len(once.notices)


def test_a_move_whose_other_half_was_never_heard_of_is_told_all_the_same() -> None:
    [notice] = after([MOVED[2]]).notices

    assert (notice.outcome, notice.previous, notice.previous_start) == (Outcome.RESCHEDULED, "A", None)


def test_what_was_canceled_and_is_then_found_to_have_been_moved_is_moved() -> None:
    host = after([canceled("A"), created("B", 1, old="A")])

    ends = START + timedelta(minutes=30)
    assert host.records["A"] == Record(canceled=True, moved=True, start=START, end=ends)
