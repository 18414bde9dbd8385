"""Every address the simulator hands out. They stand on the base URL at which it was reached."""

from dataclasses import dataclass

from simulator.ids import ORGANIZATION, letters_id
from simulator.model import EventType, Invitee, User


@dataclass(frozen=True, slots=True)
class Links:
    """`base` has no trailing slash."""

    base: str

    def user(self, uuid: str) -> str:
        return f"{self.base}/users/{uuid}"

    def organization(self) -> str:
        return f"{self.base}/organizations/{ORGANIZATION}"

    def team(self, name: str) -> str:
        return f"{self.base}/teams/{letters_id(name)}"

    def event_type(self, uuid: str) -> str:
        return f"{self.base}/event_types/{uuid}"

    def event(self, uuid: str) -> str:
        return f"{self.base}/scheduled_events/{uuid}"

    def invitee(self, invitee: Invitee) -> str:
        return f"{self.event(invitee.event)}/invitees/{invitee.uuid}"

    def schedule(self, uuid: str) -> str:
        return f"{self.base}/user_availability_schedules/{uuid}"

    def page_of(self, user: User, event_type: EventType) -> str:
        return f"{self.base}/{user.slug}/{event_type.slug or event_type.uuid}"

    def no_show(self, uuid: str) -> str:
        return f"{self.base}/invitee_no_shows/{uuid}"

    def webhook_subscription(self, uuid: str) -> str:
        return f"{self.base}/webhook_subscriptions/{uuid}"
