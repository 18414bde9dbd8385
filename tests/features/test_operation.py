"""What is there for operators and for whoever follows a link: health, metrics, pages."""

from pathlib import Path

import httpx
import pytest

from app.features.documentation.pages import problem_types
from app.store.connection import open_store
from tests.support.ports import free_port
from tests.support.redis import STATE, RedisServer, running_redis
from tests.support.service import Service, plan_fault, running_service, served_service, settings_for
from tests.support.simulation import Simulation

READY = {
    "status": "ready",
    "cache": "ok",
    "state": "ok",
    "accounts": {"open": 1, "dead": 0, "unreadable": 0},
    "reason": None,
    "webhooks": None,
    "webhooksSince": None,
}


async def test_a_living_process_says_so(bff: Service) -> None:
    answer = await bff.http.get("/livez")

    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


async def test_a_service_with_both_stores_is_ready(bff: Service) -> None:
    answer = await bff.http.get("/readyz")

    assert answer.json() == READY


@pytest.mark.parametrize("away", ["cache", "state"])
async def test_a_store_that_is_away_degrades_the_service(
    calendly: Simulation, redis: RedisServer, away: str
) -> None:
    urls = {"cache": redis.url(), "state": redis.url(STATE)} | {away: f"redis://127.0.0.1:{free_port()}/0"}
    settings = settings_for(str(calendly.http.base_url), redis_url=urls["cache"], state_url=urls["state"])
    async with running_service(settings, calendly.clock) as bff:
        answer = await bff.http.get("/readyz")

    assert answer.status_code == 200
    assert answer.json() == READY | {"status": "degraded", away: "away"}


@pytest.mark.fault("R06")
@pytest.mark.parametrize(
    ("wrong", "advice"),
    [
        pytest.param({"maxmemory_policy": "allkeys-lru"}, "maxmemory-policy noeviction", id="evicts"),
        pytest.param({"appendonly": "no"}, "appendonly yes", id="forgets"),
    ],
)
async def test_a_state_store_that_may_lose_bookings_degrades_the_service_and_says_what_to_set(
    calendly: Simulation, tmp_path: Path, wrong: dict[str, str], advice: str
) -> None:
    with running_redis(tmp_path, **wrong) as unfit:
        settings = settings_for(str(calendly.http.base_url), state_url=unfit.url(STATE))
        async with running_service(settings, calendly.clock) as bff:
            answer = await bff.http.get("/readyz")

    told = answer.json()
    assert (answer.status_code, told["status"], told["state"]) == (200, "degraded", "unfit")
    assert advice in told["reason"]


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/metrics"])
async def test_the_state_of_things_is_never_stored(bff: Service, path: str) -> None:
    assert (await bff.http.get(path)).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["/livez", "/readyz", "/"])
async def test_whoever_only_looks_whether_it_is_there_gets_no_body(calendly: Simulation, path: str) -> None:
    settings = settings_for(str(calendly.http.base_url), demo_page=True)
    with served_service(settings, calendly.clock) as url:
        async with httpx.AsyncClient(base_url=url) as http:
            answer = await http.head(path)

    assert (answer.status_code, answer.content) == (200, b"")


async def _metrics(bff: Service) -> list[str]:
    answer = await bff.http.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain")
    return answer.text.splitlines()


async def test_requests_are_counted_by_the_route_and_not_by_the_path(bff: Service) -> None:
    await bff.get("/event-types/visit")
    await bff.get("/event-types/panel")

    route = 'method="GET",route="/api/v1/event-types/{eventTypeId}",status="200"'
    assert f"bff_requests_total{{{route}}} 2.0" in await _metrics(bff)


async def test_paths_and_methods_that_somebody_made_up_name_no_metric(bff: Service) -> None:
    await bff.http.request("BREW", "/coffee")
    await bff.http.request("BREW", "/livez")

    shown = await _metrics(bff)
    assert 'bff_requests_total{method="OTHER",route="",status="404"} 1.0' in shown
    assert 'bff_requests_total{method="OTHER",route="/livez",status="405"} 1.0' in shown
    assert "BREW" not in "".join(shown)


async def test_what_is_left_of_calendlys_quota_is_a_metric(bff: Service) -> None:
    await bff.book(await bff.booking())

    shown = dict(line.rsplit(" ", 1) for line in await _metrics(bff) if "bff_calendly_budget_left{" in line)
    account = bff.account.access
    assert {name.split('"')[3] for name in shown} == {
        "bookings_minute",
        "bookings_hour",
        "bookings_day",
        "calls_minute",
    }
    assert shown[f'bff_calendly_budget_left{{account="{account}",window="bookings_minute"}}'] == "9.0"


async def test_bookings_that_nobody_knows_the_end_of_are_a_metric(bff: Service, calendly: Simulation) -> None:
    await plan_fault(calendly, "status", status=502, path="/invitees", method="POST")
    await bff.book(await bff.booking())

    assert 'bff_bookings_unsettled{which="all"} 1.0' in await _metrics(bff)


async def test_without_the_state_store_its_metrics_are_left_out(calendly: Simulation) -> None:
    settings = settings_for(str(calendly.http.base_url), state_url=f"redis://127.0.0.1:{free_port()}/0")
    async with running_service(settings, calendly.clock) as bff:
        shown = await _metrics(bff)

    assert [
        line for line in shown if line.startswith(("bff_bookings_unsettled{", "bff_calendly_budget"))
    ] == []


async def test_failures_of_the_cache_are_counted(calendly: Simulation) -> None:
    settings = settings_for(str(calendly.http.base_url), redis_url=f"redis://127.0.0.1:{free_port()}/0")
    async with running_service(settings, calendly.clock) as bff:
        await bff.get("/event-types")

        assert 'bff_cache_failures_total{error="ConnectionError"} 1.0' in await _metrics(bff)


@pytest.mark.parametrize("code", sorted(problem_types()))
async def test_every_problem_has_a_page_of_its_own(bff: Service, code: str) -> None:
    answer = await bff.http.get(f"/problems/{code}")

    assert answer.status_code == 200
    assert code in answer.text


async def test_one_page_lists_all_problems(bff: Service) -> None:
    page = (await bff.http.get("/problems")).text

    assert [code for code in problem_types() if f"/problems/{code}" not in page] == []


async def test_a_page_about_no_problem_is_not_found(bff: Service) -> None:
    assert (await bff.http.get("/problems/%3Cscript%3E")).status_code == 404


@pytest.mark.parametrize("path", ["/problems", "/problems/slot_taken"])
async def test_pages_about_problems_run_no_scripts(bff: Service, path: str) -> None:
    policy = (await bff.http.get(path)).headers["Content-Security-Policy"]

    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy


async def test_the_api_document_is_served_and_names_its_version(bff: Service) -> None:
    document = (await bff.http.get("/openapi.json")).json()

    assert document["openapi"].startswith("3.1")
    assert "Problem" in document["components"]["schemas"]


async def test_the_documentation_page_needs_no_other_host(bff: Service) -> None:
    page = (await bff.http.get("/docs")).text

    assert "https://" not in page


async def test_what_the_documentation_page_loads_is_here(bff: Service) -> None:
    page = (await bff.http.get("/docs")).text
    linked = [part.split('"')[0] for part in page.replace('href="', 'src="').split('src="')[1:]]

    assert {(await bff.http.get(path)).status_code for path in linked} == {200}


@pytest.mark.parametrize("name", ["index.html", "demo.css", "demo.js"])
async def test_the_demo_page_is_served_where_it_is_switched_on(calendly: Simulation, name: str) -> None:
    async with running_service(
        settings_for(str(calendly.http.base_url), demo_page=True), calendly.clock
    ) as bff:
        answer = await bff.http.get("/" if name == "index.html" else f"/demo/{name}")

    assert answer.status_code == 200
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("name", ["router.py", "..%2Frouter.py", "index.html%00", "nothing.js"])
async def test_the_demo_page_gives_away_no_other_file(calendly: Simulation, name: str) -> None:
    async with running_service(
        settings_for(str(calendly.http.base_url), demo_page=True), calendly.clock
    ) as bff:
        answer = await bff.http.get(f"/demo/{name}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_a_readiness_check_leaves_nothing_in_the_stores(bff: Service, redis: RedisServer) -> None:
    await bff.http.get("/readyz")

    async with open_store(redis.url()) as cache, open_store(redis.url(STATE)) as state:
        assert (await cache.dbsize(), await state.dbsize()) == (0, 0)
