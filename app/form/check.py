"""Is this booking what the event type's form asks for, and what then goes to Calendly?"""

from dataclasses import dataclass

from app.calendly.models import NewAnswer, NewBooking, NewInvitee, NewLocation, Tracking
from app.errors import FormChangedError, InvalidRequestError
from app.form.faults import Code, Findings, pointer
from app.form.locations import location_for
from app.form.model import Form
from app.form.people import guests_for, invitee_for
from app.form.questions import answers_for
from app.form.submission import Submission, TrackingPart
from app.form.text import has_control


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A booking that keeps every rule, in Calendly's words. What is empty is None: its key is not sent."""

    invitee: NewInvitee
    location: NewLocation | None
    answers: list[NewAnswer] | None
    guests: list[str] | None
    tracking: Tracking | None

    def new_booking(self, event_type_uri: str, start_time: str) -> NewBooking:
        """`start_time` is the slot's start in UTC, spelt as Calendly spells it."""
        return NewBooking(
            event_type=event_type_uri,
            start_time=start_time,
            invitee=self.invitee,
            location=self.location,
            questions_and_answers=self.answers,
            tracking=self.tracking,
            event_guests=self.guests,
        )


def check(form: Form, submission: Submission) -> Accepted:
    """Raise `InvalidRequestError` with every fault there is, in the order of the body.

    Raise `FormChangedError` when the visitor filled in another version of the
    form: ids such as `physical-2` may by now mean something else.
    """
    if submission.form_version not in {None, form.version}:
        raise FormChangedError(form_version=form.version)
    found = Findings()
    invitee = invitee_for(submission, found)
    accepted = Accepted(
        invitee=invitee,
        location=location_for(form.locations, submission.location, submission.region, found),
        answers=answers_for(form.questions, submission.answers or (), submission.region, found) or None,
        guests=guests_for(submission.guests or (), invitee, found) or None,
        tracking=_tracking_for(submission.tracking, found),
    )
    if found.faults:
        raise InvalidRequestError(faults=tuple(found.faults))
    return accepted


def _tracking_for(part: TrackingPart | None, found: Findings) -> Tracking | None:
    """All six keys as soon as there is one: Calendly refuses fewer."""
    given = part.model_dump(by_alias=True, exclude_none=True) if part else {}
    for field, value in given.items():
        if has_control(value):
            found.add(pointer("tracking", field), Code.CONTROL_CHARACTER)
    return Tracking(**part.model_dump()) if part and given else None
