"""One call of the API as its endpoint sees it, and the reading of its parameters."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from simulator.access import Access
from simulator.errors import (
    NO_PERMISSION,
    NO_PERMISSION_FOR_RESOURCE,
    denied,
    invalid,
    invalid_parameter,
    not_found,
)
from simulator.ids import ORGANIZATION
from simulator.json_bodies import parse_json
from simulator.links import Links
from simulator.model import EventType, ScheduledEvent, User
from simulator.state import State
from simulator.wire import Wire

Body = Mapping[str, Any]

DATE_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?(Z|[+-]\d\d:\d\d)")
BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """`user` is the one whose token it carries, `access` what that allows; `base` the URL it was reached at."""

    state: State
    user: User
    access: Access
    base: str
    now: datetime
    query: Mapping[str, str]
    path: Mapping[str, str]
    body: bytes = b""
    content_type: str = ""

    @property
    def links(self) -> Links:
        return Links(self.base)

    @property
    def wire(self) -> Wire:
        return Wire(self.state, self.links, self.now)

    @property
    def is_admin(self) -> bool:
        return self.state.settings.roles.get(self.user.slug, "user") != "user"

    def json_object(self) -> Body:
        """Raises 400 for a body that is anything else."""
        if self.content_type.split(";", maxsplit=1)[0].strip().lower() != "application/json":
            status = self.state.settings.assumptions.unsupported_content_type_status
            raise invalid(message="The Content-Type must be application/json.", status=status)
        try:
            body = parse_json(self.body)
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise invalid(message="The request body must be a JSON object.")
        return body

    def required(self, name: str) -> str:
        """Raises 400 when the parameter is absent or empty."""
        value = self.query.get(name)
        if not value:
            raise invalid_parameter(name, "is missing")
        return value

    def instant(self, name: str) -> datetime:
        return read_instant(name, self.required(name))

    def optional_instant(self, name: str) -> datetime | None:
        return self.instant(name) if name in self.query else None

    def choice(self, name: str, choices: tuple[str, ...]) -> str | None:
        value = self.query.get(name)
        if value is not None and value not in choices:
            raise invalid_parameter(name, f"must be one of: {', '.join(choices)}")
        return value

    def boolean(self, name: str) -> bool | None:
        value = self.choice(name, tuple(BOOLEANS))
        return None if value is None else BOOLEANS[value]

    def id_in(self, name: str, value: str, collection: str) -> str:
        """The last segment of a URI of ours. Raises 400 for anything else, other origins included."""
        prefix = f"{self.base}/{collection}/"
        segment = value.removeprefix(prefix)
        if not value.startswith(prefix) or not segment or "/" in segment:
            raise invalid_parameter(name, "is not a valid URI of this resource")
        return segment

    def user_in(self, name: str) -> User:
        """The user a parameter names, where the caller may see that user."""
        uuid = self.id_in(name, self.required(name), "users")
        if uuid == "me":
            return self.user
        return self.visible_user(uuid)

    def visible_user(self, uuid: str) -> User:
        user = self.state.users.get(uuid)
        if user is None:
            raise not_found()
        if user != self.user and not self.is_admin:
            raise denied(NO_PERMISSION)
        return user

    def require_organization(self, name: str) -> None:
        """Raises unless the parameter names the organisation and the caller may act for it."""
        if self.id_in(name, self.required(name), "organizations") != ORGANIZATION:
            raise not_found()
        if not self.is_admin:
            raise denied(NO_PERMISSION)

    def visible_event_type(self, uuid: str) -> EventType:
        event_type = self.state.event_types.get(uuid)
        if event_type is None:
            raise not_found()
        if self.user.uuid not in event_type.hosts and not self.is_admin:
            raise denied(NO_PERMISSION_FOR_RESOURCE)
        return event_type

    def visible_event(self, uuid: str, refusal: str) -> ScheduledEvent:
        event = self.state.events.get(uuid)
        if event is None:
            raise not_found()
        if self.user.uuid not in event.hosts and not self.is_admin:
            raise denied(refusal)
        return event


def read_instant(name: str, text: str) -> datetime:
    """RFC 3339 with an offset, in UTC. Raises 400 for anything else."""
    if DATE_TIME.fullmatch(text):
        try:
            return datetime.fromisoformat(text).astimezone(UTC)
        except (ValueError, OverflowError):
            pass
    raise invalid_parameter(name, "must be a date time")
