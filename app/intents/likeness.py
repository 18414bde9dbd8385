"""Does a booking that is there already say what somebody asks for now? Pure functions.

A name, an address and a time may be the same while the place is another. Whoever
were told that such a booking is theirs would wait for a call on the wrong number.
"""

from app.calendly.models import Invitee, NewBooking, ScheduledEvent
from app.form.locations import kind_of


def says_the_same(booking: NewBooking, event: ScheduledEvent, invitee: Invitee) -> bool:
    """As far as Calendly tells; spelling does not count, for Calendly has its own of numbers and names."""
    return (
        _is_by_the_same(booking, invitee)
        and _answers_of(booking) == _answers_of(invitee)
        and (_is_shared(event) or (_is_where(booking, event) and _guests(booking) == _guests(event)))
    )


def is_called(name: str, invitee: Invitee) -> bool:
    """A name that is missing is nobody's."""
    return bool(name) and (invitee.name or "").casefold() == name.casefold()


def _is_by_the_same(booking: NewBooking, invitee: Invitee) -> bool:
    person = booking.invitee
    name = person.name or " ".join(part for part in (person.first_name, person.last_name) if part)
    numbers = (person.text_reminder_number, invitee.text_reminder_number)
    return is_called(name, invitee) and (None in numbers or _bare(numbers[0]) == _bare(numbers[1]))


def _answers_of(who: NewBooking | Invitee) -> set[tuple[str, str]]:
    return {
        (_bare(each.question), _bare(each.answer)) for each in who.questions_and_answers or () if each.answer
    }


def _is_shared(event: ScheduledEvent) -> bool:
    """Place and guests are then not this invitee's alone."""
    return event.invitees_counter is None or event.invitees_counter.limit > 1


def _is_where(booking: NewBooking, event: ScheduledEvent) -> bool:
    asked, there = booking.location, event.location
    if asked is None or there is None or there.type is None:
        return True
    places = (asked.location, there.location)
    return kind_of(there) == asked.kind and (None in places or _bare(places[0]) == _bare(places[1]))


def _guests(whose: NewBooking | ScheduledEvent) -> set[str]:
    return {(each if isinstance(each, str) else each.email).casefold() for each in whose.event_guests or ()}


def _bare(text: str | None) -> str:
    return "".join(char for char in (text or "").casefold() if char.isalnum())
