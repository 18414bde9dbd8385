"""Calendly's own booking page: what a visitor types there is booked."""

import httpx
import pytest

from tests.support.simulation import Json, Simulation

VISITOR = {"name": "Grace Example", "email": "grace@example.test", "timezone": "Europe/Berlin"}


async def slot_address(calendly: Simulation, slug: str) -> str:
    slots = (await calendly.available_times(slug)).json()["collection"]
    return str(slots[0]["scheduling_url"])


async def type_in(calendly: Simulation, slug: str, **fields: object) -> httpx.Response:
    """A visitor fills in the page of the first free time."""
    return await calendly.http.post(await slot_address(calendly, slug), data=VISITOR | fields)


async def bookings(calendly: Simulation) -> list[Json]:
    items: list[Json] = (await calendly.http.get("/_simulator/bookings")).json()["items"]
    return items


async def test_what_is_typed_is_booked(calendly: Simulation) -> None:
    start = (await calendly.starts("intro-call"))[0]

    response = await type_in(calendly, "intro-call", guests="ada@example.test, guest@example.test")

    (event,) = await bookings(calendly)
    (invitee,) = event["invitees"]
    assert (response.status_code, event["start_time"]) == (303, start)
    assert {name: invitee[name] for name in VISITOR} == VISITOR
    assert (invitee["scheduling_method"], invitee["invitee_scheduled_by"]) == (None, None)
    assert event["location"]["type"] == "google_conference"
    assert [guest["email"] for guest in event["event_guests"]] == ["ada@example.test", "guest@example.test"]
    assert start not in await calendly.starts("intro-call")


async def test_the_visitor_ends_on_a_confirmation(calendly: Simulation) -> None:
    response = await type_in(calendly, "intro-call")

    confirmation = await calendly.http.get(response.headers["location"])

    uuid = response.headers["location"].rsplit("/", 1)[1]
    assert "<h1>Booked: Intro call</h1>" in confirmation.text
    assert f'<a href="/cancellations/{uuid}">Cancel</a>' in confirmation.text


async def test_the_way_from_the_host_to_the_form_is_linked(calendly: Simulation) -> None:
    user = await calendly.http.get("/ada")
    event_type = await calendly.http.get("/ada/intro-call")
    slot = await calendly.http.get("/ada/intro-call/2026-11-23T08:00:00Z")

    assert '<a href="/ada/intro-call">Intro call</a>' in user.text
    assert "secret-offer" not in user.text
    assert "retired" not in user.text
    assert '<a href="/ada/intro-call/2026-11-23T08:00:00Z">' in event_type.text
    assert '<form method="post">' in slot.text
    assert '<input type="email" name="email" value="" required>' in slot.text


async def test_a_place_is_chosen_and_typed(calendly: Simulation) -> None:
    page = await calendly.http.get(await slot_address(calendly, "visit"))

    await type_in(calendly, "visit", location="2", location_text="At the fountain")
    await type_in(calendly, "visit", location="1")

    places = [event["location"] for event in await bookings(calendly)]
    assert '<select name="location">' in page.text
    assert [place["type"] for place in places] == ["ask_invitee", "physical"]
    assert places[0]["location"] == "At the fountain"


async def test_the_phone_number_of_a_call_is_typed(calendly: Simulation) -> None:
    await type_in(calendly, "phone-consult", location_text="+493012345678")

    (event,) = await bookings(calendly)
    assert event["location"] == {"type": "outbound_call", "location": "+493012345678"}


@pytest.mark.parametrize("slug", ["no-place", "team-demo"])
async def test_where_no_place_is_asked_none_is_needed(calendly: Simulation, slug: str) -> None:
    page = await calendly.http.get(await slot_address(calendly, slug))

    response = await type_in(calendly, slug)

    assert 'name="location' not in page.text
    assert response.status_code == 303


async def test_questions_are_answered(calendly: Simulation) -> None:
    kind = await calendly.event_type("questionnaire")
    page = await calendly.http.get(await slot_address(calendly, "questionnaire"))
    fields: dict[str, object] = {}
    for question in kind["custom_questions"]:
        choices = question["answer_choices"]
        many = choices[:2] if question["type"] == "multi_select" else choices[:1]
        fields[f"answer_{question['position']}"] = many or "+493012345678"
        if question["include_other"]:
            fields[f"other_{question['position']}"] = "Something else"

    await type_in(calendly, "questionnaire", **fields)

    (event,) = await bookings(calendly)
    answers = {one["question"]: one["answer"] for one in event["invitees"][0]["questions_and_answers"]}
    enabled = [question for question in kind["custom_questions"] if question["enabled"]]
    assert list(answers) == [question["name"] for question in enabled]
    assert all(question["name"] in page.text for question in enabled if "'" not in question["name"])
    assert {question["type"] for question in enabled} == {
        "string",
        "text",
        "phone_number",
        "single_select",
        "multi_select",
    }
    for question in enabled:
        if question["type"] == "multi_select":
            assert answers[question["name"]].split("\n")[:2] == question["answer_choices"][:2]


async def test_where_the_visitor_came_from_is_kept(calendly: Simulation) -> None:
    address = await slot_address(calendly, "intro-call")

    await calendly.http.post(f"{address}?utm_source=letter", data=VISITOR)

    (event,) = await bookings(calendly)
    tracking = event["invitees"][0]["tracking"]
    assert {name: value for name, value in tracking.items() if value} == {"utm_source": "letter"}


@pytest.mark.parametrize(
    ("slug", "fields", "complaint"),
    [
        pytest.param("intro-call", {"email": "nobody"}, "invitee.email: is in invalid format", id="address"),
        pytest.param("intro-call", {"name": " "}, "either name or first_name must be filled", id="no name"),
        pytest.param("visit", {"location": "7"}, "invalid location choice", id="no such place"),
        pytest.param("visit", {"location": "2"}, "is missing", id="no place typed"),
        pytest.param("questionnaire", {}, "Required Questions and Answers cannot be blank.", id="no answers"),
    ],
)
async def test_a_mistake_is_shown_beside_the_form(
    calendly: Simulation, slug: str, fields: dict[str, object], complaint: str
) -> None:
    response = await type_in(calendly, slug, **fields)

    assert response.status_code == 400
    assert complaint in response.text
    assert '<form method="post">' in response.text
    assert await bookings(calendly) == []


async def test_a_time_that_somebody_else_took_is_said_to_be_gone(calendly: Simulation) -> None:
    address = await slot_address(calendly, "intro-call")
    await calendly.book("intro-call")

    shown = await calendly.http.get(address)
    sent = await calendly.http.post(address, data=VISITOR)

    assert (shown.status_code, sent.status_code) == (200, 400)
    assert "This time is not available any more." in shown.text
    assert "That start time has been filled" in sent.text


@pytest.mark.parametrize("slug", ["paid-session", "poll-lunch", "retired"])
async def test_what_the_page_cannot_book_it_says(calendly: Simulation, slug: str) -> None:
    address = f"/ada/{slug}/2026-11-23T08:00:00Z"

    shown = await calendly.http.get(address)
    sent = await calendly.http.post(address, data=VISITOR)

    assert "This cannot be booked here." in shown.text
    assert sent.status_code == 400
    assert await bookings(calendly) == []


@pytest.mark.parametrize("path", ["/ada/nothing/2026-11-23T08:00:00Z", "/ada/intro-call/noon"])
async def test_a_form_without_a_page_is_not_found(calendly: Simulation, path: str) -> None:
    assert (await calendly.http.post(path, data=VISITOR)).status_code == 404


async def test_an_unknown_confirmation_is_not_found(calendly: Simulation) -> None:
    assert (await calendly.http.get("/confirmations/nobody")).status_code == 404
