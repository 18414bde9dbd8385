"""The same booking for another time: from what Calendly has of it to what Calendly gets."""

from app.calendly.models import Invitee, NewAnswer, NewBooking, NewInvitee, ScheduledEvent, Tracking
from app.form.locations import repeated
from app.form.model import Form


def booking_again(
    form: Form, event_type_uri: str, start_time: str, booked: tuple[ScheduledEvent, Invitee]
) -> NewBooking:
    """`start_time` is the new slot's start in UTC, spelt as Calendly spells it.

    Raises `ValueError` where the event type by now asks for what this booking does not say.
    """
    event, invitee = booked
    answers = _answers(form, invitee)
    return NewBooking(
        event_type=event_type_uri,
        start_time=start_time,
        invitee=_person(invitee),
        location=repeated(form.locations, event.location),
        questions_and_answers=answers or None,
        tracking=_tracking(invitee.tracking),
        event_guests=[guest.email for guest in event.event_guests or ()] or None,
    )


def _person(invitee: Invitee) -> NewInvitee:
    split = invitee.first_name is not None
    return NewInvitee(
        email=invitee.email,
        timezone=invitee.timezone or "UTC",
        name=None if split else invitee.name,
        first_name=invitee.first_name,
        last_name=invitee.last_name if split else None,
        text_reminder_number=invitee.text_reminder_number,
    )


def _answers(form: Form, invitee: Invitee) -> list[NewAnswer]:
    """Those whose questions are still asked; what was removed is dropped, what was added must not be required."""
    said = [each for each in invitee.questions_and_answers or () if each.answer]
    exactly = {(each.question, each.position): each.answer for each in said}
    by_text = {each.question: each.answer for each in said}
    found: list[NewAnswer] = []
    for question in form.questions:
        # The host may have put the questions into another order since.
        answer = exactly.get((question.label, question.position)) or by_text.get(question.label)
        if answer:
            found.append(NewAnswer(question=question.label, answer=answer, position=question.position))
        elif question.required:
            raise ValueError("a question has been added")
    return found


def _tracking(tracking: Tracking | None) -> Tracking | None:
    return tracking if tracking is not None and tracking != Tracking() else None
