"""Who comes: the invitee and the guests."""

from collections.abc import Sequence

from email_validator import EmailNotValidError, validate_email

from app.calendly.models import NewInvitee
from app.form.entries import line, phone
from app.form.faults import Code, Findings
from app.form.submission import InviteePart, Submission


def invitee_for(submission: Submission, found: Findings) -> NewInvitee:
    part = submission.invitee
    _check_one_way_of_naming(part, found)
    return NewInvitee(
        email=_email(part.email, "/invitee/email", found),
        timezone=submission.time_zone,
        name=_name(part.name, "/invitee/name", found),
        first_name=_name(part.first_name, "/invitee/firstName", found),
        last_name=_name(part.last_name, "/invitee/lastName", found),
        text_reminder_number=None
        if part.phone is None
        else phone(part.phone, "/invitee/phone", submission.region, found),
    )


def _check_one_way_of_naming(part: InviteePart, found: Findings) -> None:
    if part.name is None:
        if part.first_name is None:
            missing = "name" if part.last_name is None else "firstName"
            found.add(f"/invitee/{missing}", Code.REQUIRED)
        return
    for field, value in (("firstName", part.first_name), ("lastName", part.last_name)):
        if value is not None:
            found.add(f"/invitee/{field}", Code.NOT_ALLOWED)


def _name(value: str | None, at: str, found: Findings) -> str | None:
    return None if value is None else line(value, at, found)


def _email(value: str, at: str, found: Findings) -> str:
    """The address in normal form. ASCII only: what else a host's mail server takes, nobody can know.

    `test_environment` lets the reserved name `.test` pass, which examples and
    trials use; nothing is looked up in DNS.
    """
    if not value.isascii():
        found.add(at, Code.EMAIL_INVALID)
        return ""
    try:
        valid = validate_email(value, check_deliverability=False, test_environment=True, allow_smtputf8=False)
    except EmailNotValidError:
        found.add(at, Code.EMAIL_INVALID)
        return ""
    return valid.ascii_email or valid.normalized


def guests_for(guests: Sequence[str], invitee: NewInvitee, found: Findings) -> list[str]:
    """The addresses in normal form. Two that differ by case alone reach the same person."""
    seen: set[str] = set()
    sent = []
    for index, guest in enumerate(guests):
        address = _email(guest, f"/guests/{index}", found)
        who = address.casefold()
        if who and who == invitee.email.casefold():
            found.add(f"/guests/{index}", Code.GUEST_IS_INVITEE)
        elif who in seen:
            found.add(f"/guests/{index}", Code.DUPLICATE)
        if who:
            seen.add(who)
        sent.append(address)
    return sent
