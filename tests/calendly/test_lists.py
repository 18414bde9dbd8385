"""Lists: their pages, and the items that are not as documented."""

import asyncio
import json
from typing import Any

import pytest
import respx
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from structlog.testing import capture_logs

from app.calendly.client import CalendlyClient
from app.calendly.models import ScheduledEvent, User
from app.errors import AppError, UpstreamFailedError
from tests.calendly import rig

PAGE_TWO = f"{rig.ORIGIN}/event_types?page_token=two"


async def listed(client: CalendlyClient) -> list[str | None]:
    return [one.slug for one in await client.list_event_types(user=rig.USER)]


async def test_pages_are_followed_to_the_end(calendly: respx.Router, client: CalendlyClient) -> None:
    first = rig.collection(rig.event_type(slug="one"), next_page=PAGE_TWO)
    calendly.get("/event_types", params={"page_token": "two"}).respond(
        json=rig.collection(rig.event_type(slug="two"))
    )
    calendly.get("/event_types", params={"user": rig.USER}).respond(json=first)

    slugs = await listed(client)

    assert slugs == ["one", "two"]


@pytest.mark.fault("U18")
async def test_a_page_that_names_itself_as_next_is_refused(
    calendly: respx.Router, client: CalendlyClient
) -> None:
    route = calendly.get("/event_types").respond(json=rig.collection(rig.event_type(), next_page=PAGE_TWO))

    with pytest.raises(UpstreamFailedError):
        await listed(client)

    assert route.call_count == 2


@pytest.mark.fault("U18")
async def test_pages_without_end_are_left_after_twenty(
    calendly: respx.Router, client: CalendlyClient
) -> None:
    pages = (
        respx.MockResponse(
            json=rig.collection(rig.event_type(), next_page=f"{rig.ORIGIN}/event_types?page_token={number}")
        )
        for number in range(30)
    )
    route = calendly.get("/event_types").mock(side_effect=pages)

    with pytest.raises(UpstreamFailedError):
        await listed(client)

    assert route.call_count == 20


@pytest.mark.fault("U18")
@pytest.mark.parametrize(
    "next_page",
    [
        pytest.param("https://elsewhere.example.test/event_types?page_token=2", id="another host"),
        pytest.param("https://calendly.example.test:8443/event_types?page_token=2", id="another port"),
        pytest.param("http://calendly.example.test/event_types?page_token=2", id="another scheme"),
        pytest.param(f"{rig.ORIGIN}/users/me?page_token=2", id="another path"),
        pytest.param("//elsewhere.example.test/event_types", id="no scheme"),
        pytest.param("", id="empty"),
    ],
)
async def test_a_next_page_elsewhere_is_refused(
    calendly: respx.Router, client: CalendlyClient, next_page: str
) -> None:
    calendly.get("/event_types").respond(json=rig.collection(rig.event_type(), next_page=next_page))

    with pytest.raises(UpstreamFailedError):
        await listed(client)

    assert len(calendly.calls) == 1


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(rig.event_type(slug="odd", kind="quartet", pooling_type="lottery"), id="unknown kinds"),
        pytest.param(
            rig.event_type(slug="odd", locations=[{"kind": "telepathy"}]), id="unknown location kind"
        ),
        pytest.param(rig.event_type(slug="odd", rating={"stars": 5}), id="new field"),
        pytest.param(rig.event_type(slug="odd", locations=None), id="no locations"),
        pytest.param(rig.event_type(slug="odd", profile=None), id="no profile"),
        pytest.param(rig.event_type(slug="odd", duration=30.0), id="a duration with a fraction of nought"),
    ],
)
@pytest.mark.fault("U16")
async def test_an_item_with_something_new_is_kept(
    calendly: respx.Router, client: CalendlyClient, item: dict[str, Any]
) -> None:
    calendly.get("/event_types").respond(json=rig.collection(item))

    slugs = await listed(client)

    assert slugs == ["odd"]


@pytest.mark.fault("U17")
@pytest.mark.parametrize(
    "item",
    [
        pytest.param(rig.event_type(uri=None), id="null"),
        pytest.param(rig.event_type(duration="long"), id="wrong type"),
        pytest.param(rig.event_type(duration=10**9), id="out of all bounds"),
        pytest.param({"name": "Intro call"}, id="missing fields"),
        pytest.param(None, id="nothing"),
    ],
)
async def test_a_bad_item_is_left_out_and_reported(
    calendly: respx.Router, client: CalendlyClient, item: dict[str, Any] | None
) -> None:
    calendly.get("/event_types").respond(json=rig.collection(item, rig.event_type(slug="good")))

    with capture_logs() as logs:
        slugs = await listed(client)

    assert slugs == ["good"]
    assert {"operation": "list_event_types", "dropped": 1}.items() <= logs[-1].items()


@pytest.mark.fault("U17")
async def test_a_list_of_bad_items_alone_is_a_failure(calendly: respx.Router, client: CalendlyClient) -> None:
    calendly.get("/event_types").respond(json=rig.collection({}, {}))

    with pytest.raises(UpstreamFailedError):
        await listed(client)


async def test_an_empty_list_is_an_answer(calendly: respx.Router, client: CalendlyClient) -> None:
    calendly.get("/event_types").respond(json=rig.collection())

    slugs = await listed(client)

    assert slugs == []


async def test_a_time_without_an_offset_is_not_guessed_at(
    calendly: respx.Router, client: CalendlyClient
) -> None:
    slots = [rig.available_time("2026-12-01T09:00:00"), rig.available_time()]
    calendly.get("/event_type_available_times").respond(json={"collection": slots})

    found = await client.list_event_type_available_times(
        event_type=rig.EVENT_TYPE, start_time=rig.NOW, end_time=rig.NOW
    )

    assert len(found) == 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)


@st.composite
def mutated(draw: st.DrawFn, thing: Any) -> Any:
    """`thing` with any of its parts replaced, dropped or added to."""
    if draw(st.integers(0, 9)) == 0:
        return draw(JSON)
    if isinstance(thing, list):
        return [draw(mutated(part)) for part in thing]
    if not isinstance(thing, dict):
        return thing
    kept = {key: draw(mutated(part)) for key, part in thing.items() if draw(st.integers(0, 19))}
    return kept | draw(st.dictionaries(st.text(max_size=5), JSON, max_size=1))


def encoded(thing: Any) -> dict[str, Any]:
    return {"content": json.dumps(thing).encode(), "content_type": "application/json"}


@pytest.mark.fault("U16")
@pytest.mark.fault("U17")
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    types=mutated(rig.collection(rig.event_type(), rig.event_type())),
    slots=mutated({"collection": [rig.available_time(), rig.available_time()]}),
    event=mutated(rig.resource(rig.scheduled_event())),
    refusal=mutated(rig.refusal("already_filled")),
    status=st.integers(300, 599),
)
async def test_any_reply_is_an_answer_or_a_failure_we_can_explain(
    types: Any, slots: Any, event: Any, refusal: Any, status: int
) -> None:
    calendly = respx.Router(base_url=rig.ORIGIN, assert_all_called=False)
    calendly.get("/event_types").respond(**encoded(types))
    calendly.get("/event_type_available_times").respond(**encoded(slots))
    calendly.get("/scheduled_events/E").respond(**encoded(event))
    calendly.get("/users/me").respond(status, **encoded(refusal))
    client = rig.client_on(calendly)
    asked = [
        client.list_event_types(user=rig.USER),
        client.list_event_type_available_times(
            event_type=rig.EVENT_TYPE, start_time=rig.NOW, end_time=rig.NOW
        ),
        client.get_scheduled_event("E"),
        client.get_current_user(),
    ]

    answers = await asyncio.gather(*asked, return_exceptions=True)

    assert all(isinstance(answer, AppError | list | ScheduledEvent | User) for answer in answers)
    await client.aclose()
