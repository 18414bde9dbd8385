"""Calendly's event types -> ours. Pure functions."""

from collections.abc import Callable, Iterable

from app.calendly.models import EventType as WireEventType
from app.calendly.models import User
from app.catalogue.model import Account, EventType
from app.form.build import form_from
from app.form.model import Form
from app.time_zones import time_zones


def account_from(user: User) -> Account:
    return Account(
        slug=user.slug,
        uri=user.uri,
        organization=user.current_organization,
        name=user.name,
        time_zone=user.timezone if user.timezone in time_zones() else "UTC",
        avatar_url=user.avatar_url,
    )


def published_from(
    event_types: Iterable[WireEventType], account: Account, id_from: Callable[[str], str]
) -> list[EventType]:
    """Those that anybody may see, in the host's order. `id_from` finds the id in one of Calendly's URIs."""
    public = [each for each in event_types if _is_public(each)]
    ordered = sorted(public, key=lambda each: each.position)
    return [_event_type_from(each, account, id_from(each.uri)) for each in ordered]


def _is_public(event_type: WireEventType) -> bool:
    return event_type.active and not event_type.secret and event_type.deleted_at is None


def _event_type_from(event_type: WireEventType, account: Account, id_: str) -> EventType:
    form = form_from(event_type)
    profile = event_type.profile
    own_page = profile is None or profile.owner == account.uri
    return EventType(
        id=id_,
        uri=event_type.uri,
        slug=event_type.slug,
        name=event_type.name or event_type.slug or "",
        description=event_type.description_plain or None,
        duration_minutes=event_type.duration,
        kind=event_type.kind or "solo",
        color=event_type.color,
        locale=event_type.locale,
        account=account.slug,
        host_name=(profile.name if profile else None) or account.name,
        host_avatar_url=account.avatar_url if own_page else None,
        time_zone=account.time_zone,
        hosted_url=event_type.scheduling_url,
        pooled=event_type.pooling_type is not None and event_type.pooling_type != "collective",
        shared=event_type.pooling_type is not None,
        not_bookable_reason=_reason(event_type, form),
        form=form,
    )


def _reason(event_type: WireEventType, form: Form) -> str | None:
    if event_type.is_paid:
        return "paid"
    if event_type.booking_method == "poll":
        return "poll"
    return None if form.bookable else "location_unsupported"
