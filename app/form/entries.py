"""What several parts of a booking have in common: one line of text, and a phone number."""

from app.form.faults import Code, Findings
from app.form.phones import e164
from app.form.text import has_control, is_blank, trimmed


def line(value: str, at: str, found: Findings) -> str:
    """The text without outer blanks. Its length is the request model's business."""
    if is_blank(value):
        found.add(at, Code.BLANK)
    elif has_control(value):
        found.add(at, Code.CONTROL_CHARACTER)
    return trimmed(value)


def phone(value: str, at: str, region: str | None, found: Findings) -> str:
    """The number as E.164, or nothing and a fault."""
    number = e164(value, region)
    if number is None:
        found.add(at, Code.PHONE_INVALID)
    return number or ""
