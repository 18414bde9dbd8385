"""Notices, targets and secrets for tests, of people who do not exist."""

from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from typing import Any

from redis.asyncio import Redis

from app.relay.notices import BookingData, Notice, Person, Place, notice_id
from app.relay.targets import Target

KEY = b"for tests alone".ljust(32, b".")
SECRET = "whsec_" + b64encode(b"a secret for tests alone".ljust(32, b".")).decode()
OTHER_SECRET = "whsec_" + b64encode(b"another one, also for tests".ljust(32, b".")).decode()
AT = datetime(2026, 11, 23, 6, 0, tzinfo=UTC)


def data(**changes: Any) -> BookingData:
    usual: dict[str, Any] = {
        "account_id": "ADAAAAAAAAAAAAAA",
        "booking_id": "bk_1",
        "status": "confirmed",
        "event_type_id": "INTROCALLAAAAAAA",
        "name": "Intro call",
        "start": "2026-11-24T10:00:00+01:00",
        "end": "2026-11-24T10:30:00+01:00",
        "time_zone": "Europe/Berlin",
        "location": Place(kind="google_conference", label="Google Meet"),
        "invitee": Person(name="Grace Example", email="grace@example.test"),
    }
    return BookingData(**(usual | changes))


def notice(number: int = 1, **changes: Any) -> Notice:
    usual: dict[str, Any] = {
        "id": notice_id("booking.confirmed", f"EVENT{number}", f"INVITEE{number}"),
        "type": "booking.confirmed",
        "timestamp": AT,
        "data": data(booking_id=f"bk_{number}"),
    }
    return Notice(**(usual | changes))


def target(port: int = 1, path: str = "/bookings") -> Target:
    return Target.of(f"http://127.0.0.1:{port}{path}")


def secret_key(text: str = SECRET) -> bytes:
    return b64decode(text.removeprefix("whsec_"))


async def passed(store: Redis, name: str, by: timedelta) -> None:
    """As if so much time had passed for all that stands in this sorted set."""
    ask: Any = store.execute_command
    for member in await ask("ZRANGE", name, 0, -1):
        await ask("ZINCRBY", name, -by / timedelta(milliseconds=1), member)
