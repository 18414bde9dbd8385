"""Does a booking that is there already say what somebody asks for now? Pure functions.

A name, an address and a time may be the same while the place is another. Whoever
were told that such a booking is theirs would wait for a call on the wrong number.
"""

from hashlib import sha256
from unicodedata import category, normalize

from app.calendly.models import Invitee, NewBooking, ScheduledEvent
from app.form.locations import kind_of

DIGEST_DIGITS = 16
"""Enough that nobody's booking passes for another's by chance; every one makes a manage token longer."""


def says_the_same(booking: NewBooking, event: ScheduledEvent, invitee: Invitee) -> bool:
    """As far as Calendly tells; spelling does not count, for Calendly has its own of numbers and names."""
    return (
        _is_by_the_same(booking, invitee)
        and _answers_of(booking) == _answers_of(invitee)
        and (_is_shared(event) or (_is_where(booking, event) and _is_with(booking, event)))
    )


def is_called(name: str, invitee: Invitee) -> bool:
    """A name that is missing is nobody's."""
    return bool(_spelt(name)) and _spelt(_name(invitee)) == _spelt(name)


def digest(who: NewBooking | Invitee) -> str:
    """Of name and answers, for where there is no room to keep them; place and guests are left out, for Calendly
    need not tell them.
    """
    said = (_spelt(_name(who)), sorted(_answers_of(who)))
    return sha256(repr(said).encode()).hexdigest()[:DIGEST_DIGITS]


def _is_by_the_same(booking: NewBooking, invitee: Invitee) -> bool:
    numbers = (booking.invitee.text_reminder_number, invitee.text_reminder_number)
    return is_called(_name(booking), invitee) and (None in numbers or _bare(numbers[0]) == _bare(numbers[1]))


def _name(who: NewBooking | Invitee) -> str:
    person = who.invitee if isinstance(who, NewBooking) else who
    return person.name or " ".join(part for part in (person.first_name, person.last_name) if part)


def _spelt(name: str | None) -> str:
    """Of a name without any letter, whatever it is made of."""
    return _bare(name) or "".join((name or "").split())


def _answers_of(who: NewBooking | Invitee) -> set[tuple[str, ...]]:
    """Each with its question first, and its lines in one order: of several choices, Calendly may have its own."""
    given = ((each.question, _lines(each.answer)) for each in who.questions_and_answers or ())
    return {(_bare(question), *lines) for question, lines in given if lines}


def _lines(answer: str | None) -> list[str]:
    return sorted(line for line in map(_spelt, (answer or "").splitlines()) if line)


def _is_shared(event: ScheduledEvent) -> bool:
    """Place and guests are then not this invitee's alone."""
    return event.invitees_counter is None or event.invitees_counter.limit > 1


def _is_where(booking: NewBooking, event: ScheduledEvent) -> bool:
    asked, there = booking.location, event.location
    if asked is None or there is None or there.type is None:
        return True
    places = (asked.location, there.location)
    return kind_of(there) == asked.kind and (None in places or _bare(places[0]) == _bare(places[1]))


def _is_with(booking: NewBooking, event: ScheduledEvent) -> bool:
    return event.event_guests is None or _guests(booking) == _guests(event)


def _guests(whose: NewBooking | ScheduledEvent) -> set[str]:
    return {(each if isinstance(each, str) else each.email).casefold() for each in whose.event_guests or ()}


def _bare(text: str | None) -> str:
    """Letters with their marks, and digits."""
    spelt = normalize("NFKC", text or "").casefold()
    return "".join(char for char in spelt if char.isalnum() or category(char).startswith("M"))
