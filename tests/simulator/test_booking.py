"""`POST /invitees` that succeeds: what it answers, and what it leaves behind."""

import asyncio
from itertools import pairwise

import pytest

from tests.support.simulation import BASE, GRACE, Simulation, simulation

TRACKING = {
    "utm_campaign": "autumn",
    "utm_source": "letter",
    "utm_medium": None,
    "utm_content": None,
    "utm_term": None,
    "salesforce_uuid": None,
}
BOOKABLE = [
    "intro-call", "phone-consult", "call-us", "visit", "anywhere", "no-place", "workshop", "team-demo",
    "panel", "deep-dive", "secret-offer",
]  # fmt: skip


@pytest.mark.parametrize("slug", BOOKABLE)
async def test_what_is_on_offer_can_be_booked(calendly: Simulation, slug: str) -> None:
    response = await calendly.send(await calendly.booking(slug))

    assert response.status_code == 201


async def test_the_answer_is_the_invitee(calendly: Simulation) -> None:
    invitee = await calendly.book("intro-call")

    uuid = invitee["uri"].rsplit("/", 1)[1]
    assert invitee == {
        "uri": f"{invitee['event']}/invitees/{uuid}",
        "email": "grace@example.test",
        "name": "Grace Example",
        "first_name": None,
        "last_name": None,
        "status": "active",
        "questions_and_answers": [],
        "timezone": "Europe/Berlin",
        "event": invitee["event"],
        "created_at": "2026-11-23T06:00:00.000000Z",
        "updated_at": "2026-11-23T06:00:00.000000Z",
        "tracking": dict.fromkeys(TRACKING),
        "text_reminder_number": None,
        "rescheduled": False,
        "old_invitee": None,
        "new_invitee": None,
        "cancel_url": f"{BASE}/cancellations/{uuid}",
        "reschedule_url": f"{BASE}/reschedulings/{uuid}",
        "routing_form_submission": None,
        "payment": None,
        "no_show": None,
        "reconfirmation": None,
        "scheduling_method": "api",
        "invitee_scheduled_by": await calendly.me(),
    }


async def test_the_booking_makes_an_event(calendly: Simulation) -> None:
    invitee = await calendly.book("deep-dive")

    event = await calendly.read(invitee["event"])
    assert event == {
        "uri": invitee["event"],
        "event_type": (await calendly.event_type("deep-dive"))["uri"],
        "name": "Deep dive",
        "meeting_notes_plain": None,
        "meeting_notes_html": None,
        "status": "active",
        "start_time": "2026-11-23T08:00:00.000000Z",
        "end_time": "2026-11-23T09:00:00.000000Z",
        "created_at": "2026-11-23T06:00:00.000000Z",
        "updated_at": "2026-11-23T06:00:00.000000Z",
        "location": {
            "type": "microsoft_teams_conference",
            "status": "processing",
            "join_url": None,
            "data": None,
        },
        "invitees_counter": {"total": 1, "active": 1, "limit": 1},
        "event_memberships": [
            {
                "user": await calendly.me(),
                "user_email": "ada@example.test",
                "user_name": "Ada Example",
                "buffered_start_time": "2026-11-23T07:45:00.000000Z",
                "buffered_end_time": "2026-11-23T09:15:00.000000Z",
            }
        ],
        "event_guests": [],
        "calendar_event": None,
    }


@pytest.mark.parametrize(
    ("slug", "kind"),
    [
        pytest.param("intro-call", "google_conference", id="google keeps its name"),
        pytest.param("secret-offer", "zoom", id="zoom_conference becomes zoom"),
    ],
)
async def test_a_conference_gets_its_link_step_by_step(calendly: Simulation, slug: str, kind: str) -> None:
    await calendly.settings(conferenceReadySeconds=10)
    invitee = await calendly.book(slug)

    steps = []
    for _ in range(3):
        location = (await calendly.read(invitee["event"]))["location"]
        steps.append((location["type"], location["status"], location["join_url"] is not None))
        calendly.clock.advance(seconds=5)

    assert steps == [(kind, "processing", False), (kind, "initiated", False), (kind, "pushed", True)]


async def test_a_conference_can_fail(calendly: Simulation) -> None:
    await calendly.settings(conferenceReadySeconds=0, conferenceOutcome="failed")
    invitee = await calendly.book("intro-call")

    location = (await calendly.read(invitee["event"]))["location"]

    assert (location["status"], location["join_url"]) == ("failed", None)


async def test_guests_stand_on_the_event(calendly: Simulation) -> None:
    invitee = await calendly.book("intro-call", event_guests=["ada@example.test"])

    event = await calendly.read(invitee["event"])
    assert event["event_guests"] == [
        {
            "email": "ada@example.test",
            "created_at": "2026-11-23T06:00:00.000000Z",
            "updated_at": "2026-11-23T06:00:00.000000Z",
        }
    ]


async def test_ten_guests_are_taken(calendly: Simulation) -> None:
    guests = [f"guest{number}@example.test" for number in range(10)]

    invitee = await calendly.book("intro-call", event_guests=guests)

    event = await calendly.read(invitee["event"])
    assert len(event["event_guests"]) == 10


async def test_a_name_in_two_parts_is_kept_in_two(calendly: Simulation) -> None:
    person = {
        "first_name": "Grace",
        "last_name": "Example",
        "email": "grace@example.test",
        "timezone": "UTC",
        "text_reminder_number": "+493012345678",
    }

    invitee = await calendly.book("intro-call", invitee=person)

    assert (invitee["name"], invitee["first_name"], invitee["last_name"]) == (
        "Grace Example",
        "Grace",
        "Example",
    )
    assert invitee["text_reminder_number"] == "+493012345678"


async def test_tracking_comes_back(calendly: Simulation) -> None:
    invitee = await calendly.book("intro-call", tracking=TRACKING)

    assert invitee["tracking"] == TRACKING


async def test_a_start_may_be_spelt_with_an_offset(calendly: Simulation) -> None:
    invitee = await calendly.book("intro-call", start_time="2026-11-23T09:00:00+01:00")

    event = await calendly.read(invitee["event"])
    assert event["start_time"] == "2026-11-23T08:00:00.000000Z"


async def test_two_people_in_a_group_share_one_event(calendly: Simulation) -> None:
    first = await calendly.book("workshop")
    second = await calendly.book("workshop")

    event = await calendly.read(first["event"])
    assert second["event"] == first["event"]
    assert event["invitees_counter"] == {"total": 10, "active": 10, "limit": 10}


async def test_a_full_group_of_one_host_leaves_the_slot_to_another(calendly: Simulation) -> None:
    await calendly.change("team-demo", kind="group", seats=1)
    start = "2026-11-23T14:00:00.000000Z"
    first = await calendly.book("team-demo", start_time=start)

    second = await calendly.book("team-demo", start_time=start)

    assert second["event"] != first["event"]


async def test_a_group_of_one_host_is_filled_before_another_host_opens_one(calendly: Simulation) -> None:
    await calendly.change("team-demo", kind="group", seats=3)
    start = "2026-11-23T14:00:00.000000Z"
    await calendly.book("team-demo", start_time=start)

    response = await calendly.available_times("team-demo", start_time=start, end_time=start[:17] + "01Z")

    assert response.json()["collection"][0]["invitees_remaining"] == 2


async def test_round_robin_picks_the_host_with_the_fewest_meetings(calendly: Simulation) -> None:
    start = "2026-11-25T14:00:00.000000Z"
    first = await calendly.book("team-demo", start_time=start)
    second = await calendly.book("team-demo", start_time=start)

    hosts = [
        (await calendly.as_(token).read(invitee["event"]))["event_memberships"][0]["user_name"]
        for token, invitee in ((GRACE, first), (calendly.token, second))
    ]

    assert hosts == ["Grace Example", "Ada Example"]


async def test_round_robin_passes_over_a_busy_host(calendly: Simulation) -> None:
    start = "2026-11-25T14:00:00.000000Z"
    await calendly.as_(GRACE).book("office-hours", start_time=start)

    invitee = await calendly.book("team-demo", start_time=start)

    event = await calendly.read(invitee["event"])
    assert [host["user_name"] for host in event["event_memberships"]] == ["Ada Example"]


async def test_a_collective_event_has_all_hosts(calendly: Simulation) -> None:
    invitee = await calendly.book("panel")

    event = await calendly.read(invitee["event"])
    assert [host["user_name"] for host in event["event_memberships"]] == ["Ada Example", "Grace Example"]


async def test_one_person_may_take_two_seats_unless_assumed_otherwise(calendly: Simulation) -> None:
    await calendly.book("workshop")
    await calendly.assume(groupSameEmailRefused=True)

    response = await calendly.send(await calendly.booking("workshop"))

    assert response.status_code == 400
    assert response.json()["details"][0]["parameter"] == "invitee.email"


async def test_a_person_who_is_new_takes_a_seat_under_that_assumption(calendly: Simulation) -> None:
    await calendly.assume(groupSameEmailRefused=True)

    invitee = await calendly.book("workshop")

    assert invitee["status"] == "active"


async def test_the_same_calls_give_the_same_ids() -> None:
    ids: list[str] = []
    for _ in range(2):
        async with simulation() as fresh:
            ids.append((await fresh.book("intro-call"))["uri"])

    assert ids[0] == ids[1]


async def test_of_simultaneous_bookings_of_a_slot_one_is_made(calendly: Simulation) -> None:
    body = await calendly.booking("intro-call")

    responses = await asyncio.gather(*(calendly.send(body) for _ in range(8)))

    assert sorted(response.status_code for response in responses) == [201] + [400] * 7


async def test_whatever_is_booked_no_host_is_in_two_meetings_at_once(calendly: Simulation) -> None:
    await calendly.settings(tier="enterprise")
    slugs = ["team-demo", "intro-call", "panel", "deep-dive", "call-us", "visit", "workshop"]
    for turn in range(42):
        starts = await calendly.starts(slugs[turn % len(slugs)], end_time="2026-12-02T00:00:00Z")
        await calendly.book(slugs[turn % len(slugs)], start_time=starts[turn * 7 % len(starts)])

    busy: dict[str, list[tuple[str, str]]] = {}
    for item in (await calendly.http.get("/_simulator/bookings")).json()["items"]:
        for host in item["event_memberships"]:
            busy.setdefault(host["user"], []).append((item["start_time"], host["buffered_end_time"]))

    assert len(busy) == 2
    for meetings in busy.values():
        assert all(earlier[1] <= later[0] for earlier, later in pairwise(sorted(meetings)))
