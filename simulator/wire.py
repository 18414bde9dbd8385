"""Records as Calendly's JSON."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from msgspec import to_builtins

from simulator.availability import Slot
from simulator.instants import instant, iso
from simulator.links import Links
from simulator.model import Cancellation, EventType, Invitee, NoShow, Place, Schedule, ScheduledEvent, User
from simulator.state import State

TRACKING_KEYS = ("utm_campaign", "utm_source", "utm_medium", "utm_content", "utm_term", "salesforce_uuid")
CONFERENCES: Mapping[str, tuple[str, bool]] = {
    "google_conference": ("google_conference", False),
    "zoom_conference": ("zoom", True),
    "gotomeeting_conference": ("gotomeeting", True),
    "microsoft_teams_conference": ("microsoft_teams_conference", True),
    "webex_conference": ("webex_conference", True),
}
"""What an event calls a configured conference kind, and whether it carries `data`."""


def _progress(age: timedelta, ready: timedelta) -> str:
    return "initiated" if age >= ready / 2 else "processing"


@dataclass(frozen=True, slots=True)
class Wire:
    """One request's view of the state: the addresses, and the moment that conferences depend on."""

    state: State
    links: Links
    now: datetime

    def user(self, user: User) -> dict[str, Any]:
        return {
            "uri": self.links.user(user.uuid),
            "name": user.name,
            "slug": user.slug,
            "email": user.email,
            "scheduling_url": f"{self.links.base}/{user.slug}",
            "timezone": user.timezone,
            "time_notation": user.time_notation,
            "locale": user.locale,
            "avatar_url": user.avatar_url,
            "current_organization": self.links.organization(),
            "resource_type": "User",
            "created_at": instant(user.created_at),
            "updated_at": instant(user.created_at),
        }

    def event_type(self, event_type: EventType) -> dict[str, Any]:
        plain: dict[str, Any] = to_builtins(event_type)
        for engines_own in ("uuid", "hosts", "team", "minimum_notice", "horizon", "seats", "overrides"):
            del plain[engines_own]
        deleted_at = event_type.deleted_at
        worked_out = {
            "uri": self.links.event_type(event_type.uuid),
            "scheduling_url": self.page(event_type),
            "profile": self._profile(event_type),
            "created_at": instant(event_type.created_at),
            "updated_at": instant(event_type.updated_at),
            "deleted_at": deleted_at and instant(deleted_at),
        }
        return plain | worked_out | event_type.overrides

    def page(self, event_type: EventType) -> str:
        return self.links.page_of(self.state.users[event_type.hosts[0]], event_type)

    def _profile(self, event_type: EventType) -> dict[str, str]:
        owner = self.state.users[event_type.hosts[0]]
        if event_type.team:
            return {"type": "Team", "name": event_type.team, "owner": self.links.team(event_type.team)}
        return {"type": "User", "name": owner.name, "owner": self.links.user(owner.uuid)}

    def slots(self, event_type: EventType, slots: Iterable[Slot]) -> list[dict[str, Any]]:
        page = self.page(event_type)
        return [
            {
                "status": "available",
                "start_time": instant(slot.start),
                "invitees_remaining": slot.seats_left,
                "scheduling_url": f"{page}/{iso(slot.start, 'seconds')}",
            }
            for slot in slots
        ]

    def schedule(self, user: User) -> dict[str, Any]:
        schedule: Schedule = user.schedule
        return {
            "uri": self.links.schedule(schedule.uuid),
            "default": True,
            "name": schedule.name,
            "user": self.links.user(user.uuid),
            "timezone": schedule.timezone,
            "rules": to_builtins(schedule.rules),
        }

    def event(self, event: ScheduledEvent) -> dict[str, Any]:
        invitees = self.state.invitees_of(event)
        content = {
            "uri": self.links.event(event.uuid),
            "event_type": self.links.event_type(event.event_type),
            "name": event.name,
            "meeting_notes_plain": None,
            "meeting_notes_html": None,
            "status": "active" if event.active else "canceled",
            "start_time": instant(event.start),
            "end_time": instant(event.end),
            "created_at": instant(event.created_at),
            "updated_at": instant(event.updated_at),
            "location": event.place and self._place(event, event.place),
            "invitees_counter": {
                "total": len(invitees),
                "active": sum(invitee.active for invitee in invitees),
                "limit": event.seats,
            },
            "event_memberships": [self._membership(event, host) for host in event.hosts],
            "event_guests": [self._guest(event, email) for email in event.guests],
            "calendar_event": None,
        }
        return content | self.cancellation(event.cancellation)

    def _membership(self, event: ScheduledEvent, host: str) -> dict[str, Any]:
        user = self.state.users[host]
        return {
            "user": self.links.user(host),
            "user_email": user.email,
            "user_name": user.name,
            "buffered_start_time": instant(event.start - event.before),
            "buffered_end_time": instant(event.end + event.after),
        }

    def _guest(self, event: ScheduledEvent, email: str) -> dict[str, Any]:
        return {
            "email": email,
            "created_at": instant(event.created_at),
            "updated_at": instant(event.created_at),
        }

    def _place(self, event: ScheduledEvent, place: Place) -> dict[str, Any]:
        if place.kind in CONFERENCES:
            return self._conference(event, place.kind)
        content = {"type": place.kind, "location": place.location}
        if place.additional_info is not None:
            content["additional_info"] = place.additional_info
        return content

    def _conference(self, event: ScheduledEvent, kind: str) -> dict[str, Any]:
        kind_of_event, carries_data = CONFERENCES[kind]
        ready = timedelta(seconds=self.state.settings.conference_ready_seconds)
        age = self.now - event.created_at
        status = self.state.settings.conference_outcome if age >= ready else _progress(age, ready)
        join_url = f"{self.links.base}/conferences/{event.uuid}" if status == "pushed" else None
        content = {"type": kind_of_event, "status": status, "join_url": join_url}
        return content | {"data": None} if carries_data else content

    def invitee(self, invitee: Invitee) -> dict[str, Any]:
        content = {
            "uri": self.links.invitee(invitee),
            "email": invitee.email,
            "name": invitee.name,
            "first_name": invitee.first_name,
            "last_name": invitee.last_name,
            "status": "active" if invitee.active else "canceled",
            "questions_and_answers": to_builtins(invitee.answers),
            "timezone": invitee.timezone,
            "event": self.links.event(invitee.event),
            "created_at": instant(invitee.created_at),
            "updated_at": instant(invitee.updated_at),
            "tracking": {key: (invitee.tracking or {}).get(key) for key in TRACKING_KEYS},
            "text_reminder_number": invitee.text_reminder_number,
            "rescheduled": invitee.rescheduled,
            "old_invitee": self._other_invitee(invitee.old_invitee),
            "new_invitee": self._other_invitee(invitee.new_invitee),
            "cancel_url": f"{self.links.base}/cancellations/{invitee.uuid}",
            "reschedule_url": f"{self.links.base}/reschedulings/{invitee.uuid}",
            "routing_form_submission": None,
            "payment": None,
            "no_show": invitee.no_show and self._no_show(invitee.no_show),
            "reconfirmation": None,
            "scheduling_method": "api" if invitee.scheduled_by else None,
            "invitee_scheduled_by": invitee.scheduled_by and self.links.user(invitee.scheduled_by),
        }
        return content | self.cancellation(invitee.cancellation)

    def _other_invitee(self, uuid: str | None) -> str | None:
        return uuid and self.links.invitee(self.state.invitees[uuid])

    def _no_show(self, no_show: NoShow) -> dict[str, str]:
        return {"uri": self.links.no_show(no_show.uuid), "created_at": instant(no_show.created_at)}

    def cancellation(self, cancellation: Cancellation | None) -> dict[str, Any]:
        """Under its key, which is absent while there is none."""
        if cancellation is None:
            return {}
        plain = to_builtins(cancellation) | {"created_at": instant(cancellation.created_at)}
        return {"cancellation": plain}
