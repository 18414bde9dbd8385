"""A visitor at Calendly's own pages, as the simulator plays them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

import httpx

EMAIL = "grace@example.test"


@dataclass(frozen=True, slots=True)
class HostedPages:
    """`http` leads to the simulator. Invitees are known by their ids; whatever is refused fails the test."""

    http: httpx.AsyncClient
    host: str = "ada"

    async def book(self, event_type: str, start: str, email: str = EMAIL) -> str:
        """The new invitee."""
        form = {"name": "Grace Example", "email": email, "timezone": "Europe/Berlin"}
        return await self._submitted(f"/{self.host}/{event_type}/{_utc(start)}", form)

    async def cancel(self, invitee: str) -> str:
        """The same invitee."""
        return await self._submitted(f"/cancellations/{invitee}", {"reason": ""})

    async def move(self, invitee: str, start: str) -> str:
        """The invitee who takes the place of this one."""
        return await self._submitted(f"/reschedulings/{invitee}", {"start_time": _utc(start), "reason": ""})

    async def _submitted(self, path: str, form: Mapping[str, str]) -> str:
        answer = await self.http.post(path, data=dict(form))
        assert answer.status_code == 303, answer.text
        return answer.headers["location"].rpartition("/")[2]


def _utc(start: str) -> str:
    """As the pages' addresses spell it."""
    return f"{datetime.fromisoformat(start).astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
