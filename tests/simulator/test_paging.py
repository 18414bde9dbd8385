"""Pages: opaque tokens, full addresses, nothing twice and nothing lost."""

from tests.support.simulation import BASE, Simulation


async def test_following_next_pages_shows_everything_once(calendly: Simulation) -> None:
    user = await calendly.me()
    seen: list[str] = []
    url: str | None = f"{BASE}/event_types?user={user}&count=4"

    while url:
        page = (await calendly.call("GET", url)).json()
        seen += [item["slug"] for item in page["collection"]]
        url = page["pagination"]["next_page"]

    assert len(seen) == len(set(seen)) == 15


async def test_a_page_says_where_its_neighbours_are(calendly: Simulation) -> None:
    user = await calendly.me()
    first = (await calendly.get("/event_types", user=user, count=4)).json()

    second = (await calendly.call("GET", first["pagination"]["next_page"])).json()

    assert second["pagination"]["count"] == 4
    assert first["pagination"]["previous_page"] is None
    back = (await calendly.call("GET", second["pagination"]["previous_page"])).json()
    assert back["collection"] == first["collection"]


async def test_a_token_alone_leads_to_the_page_too(calendly: Simulation) -> None:
    user = await calendly.me()
    first = (await calendly.get("/event_types", user=user, count=10)).json()

    token = first["pagination"]["next_page_token"]
    second = (await calendly.get("/event_types", user=user, count=10, page_token=token)).json()

    assert len(second["collection"]) == 5
    assert second["pagination"]["next_page_token"] is None


async def test_a_token_belongs_to_its_query(calendly: Simulation) -> None:
    user = await calendly.me()
    first = (await calendly.get("/event_types", user=user, count=4)).json()

    token = first["pagination"]["next_page_token"]
    response = await calendly.get("/event_types", user=user, active="true", page_token=token)

    assert response.status_code == 400
    assert response.json()["details"] == [{"message": "is invalid", "parameter": "page_token"}]


async def test_twenty_are_on_a_page_unless_asked_otherwise(calendly: Simulation) -> None:
    await calendly.settings(tier="enterprise")
    for start in (await calendly.starts("intro-call"))[:21]:
        await calendly.book("intro-call", start_time=start)

    page = (await calendly.get("/scheduled_events", user=await calendly.me())).json()

    assert page["pagination"]["count"] == len(page["collection"]) == 20
