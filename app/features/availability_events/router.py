"""`GET /event-types/{eventTypeId}/availability/events`: what happens to free times, as it happens."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Path
from starlette.responses import Response

from app import API
from app.errors import InvalidRequestError, NotFoundError
from app.features.availability_events.stream import EventStream, Subject
from app.observability import STREAM
from app.problems import READING, declared
from app.resources import Owned

router = APIRouter(prefix=API, tags=["Availability"])

EXAMPLE: Final = """\
retry: 2718

:
id: 5e0c1d6a-1764579600000-0

id: 5e0c1d6a-1764579612345-0
event: slot.taken
data: {"eventTypeId":"QTTLNSCVBVMOEDET","start":"2026-12-01T08:00:00Z"}

id: 5e0c1d6a-1764579612346-0
event: availability.changed
data: {"eventTypeId":"QTTLNSCVBVMOEDET","dates":["2026-11-30","2026-12-01","2026-12-02"]}

"""

STREAMED: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "description": "Events, until either side ends it.",
        "content": {STREAM: {"schema": {"type": "string"}, "example": EXAMPLE}},
    }
}


@router.get(
    "/event-types/{eventTypeId}/availability/events",
    summary="What happens to free times, as it happens",
    response_class=Response,
    responses={**STREAMED, **declared(NotFoundError, InvalidRequestError, *READING)},
)
async def stream_availability_events(
    owned: Owned,
    event_type_id: Annotated[
        str, Path(alias="eventTypeId", description="The event type's id, or its slug.", examples=["visit"])
    ],
    last_event_id: Annotated[
        str | None,
        Header(
            alias="Last-Event-ID",
            description="The `id` of the last event that was heard; a browser that comes back sends it by itself.",
        ),
    ] = None,
) -> Response:
    """Server-sent events, as browsers read them:

    ```js
    const times = "/api/v1/event-types/visit/availability";
    const events = new EventSource(`${times}/events`);
    let after = "";
    const note = (event) => { after = event.lastEventId; };
    const readAgain = (event) => { note(event); readSoon(`${times}?after=${after}`); };
    events.addEventListener("open", () => readSoon(`${times}?after=${(after = crypto.randomUUID())}`));
    events.addEventListener("slot.taken", (event) => { note(event); hide(JSON.parse(event.data).start); });
    for (const name of ["slot.freed", "availability.changed", "reset"])
      events.addEventListener(name, readAgain);
    ```

    | event | data | what to do |
    |---|---|---|
    | `slot.taken` | `{eventTypeId, start}` | nobody can book it any more: take it away |
    | `slot.freed` | `{eventTypeId, start}` | a booking of it was given up: read again to see whether it is offered |
    | `availability.changed` | `{eventTypeId, dates}` | read these dates (UTC) again; null stands for all |
    | `reset` | `{}` | something may have been missed: read again whatever is shown |

    `start` is in UTC: compare instants, not texts. What is read with the event's id as `after` is as new as the event,
    but for the moment, hardly ever a second, that another replica may need to hear of it;
    without it, a browser or a shared cache may answer with what it has kept for some seconds, and no further event
    says so. Whatever is read from then on says the id of the last event that was heard. The id changes no answer: all
    who have heard the same event share one. Thousands may hear it at once: let each wait some moment of its own, up
    to a second or two, before it reads.

    A browser comes back by itself when it was cut off, and goes on where it was, or hears `reset`. It does not after an
    answer other than 200, such as 503 `overloaded`: then try again yourself. Read free times when the
    stream has opened, so that nothing falls in between, and say as `after` what nobody has said before: no event has
    given you an id yet. A browser opens six connections at most to one
    host over HTTP/1.1, and each stream is one, in all its windows together: let a proxy speak HTTP/2, and close the
    stream of a page that nobody looks at.
    """

    async def find() -> Subject:
        offered = await owned.accounts.find(event_type_id)
        return Subject(offered.account.access, offered.event_type.id)

    return EventStream(owned.hub, find, last_event_id)
