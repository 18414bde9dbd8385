"""From Calendly's event type to our form."""

from hashlib import sha256

import msgspec

from app.calendly.models import EventType
from app.form.locations import locations_from
from app.form.model import Form
from app.form.questions import questions_from


def form_from(event_type: EventType) -> Form:
    """The version changes with anything a booking is checked by, and with nothing else."""
    locations = locations_from(event_type)
    questions = questions_from(event_type.custom_questions or [])
    deciding = msgspec.json.encode([locations, questions])
    return Form(version=sha256(deciding).hexdigest()[:12], locations=locations, questions=questions)
