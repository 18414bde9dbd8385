"""`calendly-bff accounts`: what an operator types, as processes of their own."""

import asyncio
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis import Redis

from app.webhooks import names
from tests.support.accounts import connect, connecting_of, connecting_service, id_of, owned, revoked
from tests.support.hooks import KEY
from tests.support.keys import OTHER_KEY, SECRET_KEY
from tests.support.ports import free_port
from tests.support.redis import CACHE, STATE, RedisServer
from tests.support.service import Service, plan_fault
from tests.support.simulation import ADA, GRACE, Simulation
from tests.support.webhooks import organization

PROGRAM = str(Path(sys.executable).parent / "calendly-bff")
PUBLIC = "http://127.0.0.1:8765"


@pytest.fixture
async def bff(calendly: Simulation, redis: RedisServer) -> AsyncIterator[Service]:
    async with connecting_service(calendly, redis, public_url=PUBLIC) as service:
        yield service


@pytest.fixture
def settings(calendly: Simulation, redis: RedisServer) -> dict[str, str]:
    url = str(calendly.http.base_url).rstrip("/")
    return {
        "CALENDLY_API_URL": url,
        "CALENDLY_OAUTH_URL": url,
        "CALENDLY_OAUTH_CLIENT_ID": "simulator-web-client",
        "CALENDLY_OAUTH_CLIENT_SECRET": "simulator-web-client-secret",
        "BFF_REDIS_URL": redis.url(CACHE),
        "BFF_STATE_URL": redis.url(STATE),
        "BFF_SECRET_KEYS": SECRET_KEY,
        "BFF_PUBLIC_URL": PUBLIC,
    }


async def _run(
    settings: dict[str, str], folder: Path, *arguments: str, group: str = "accounts"
) -> "subprocess.CompletedProcess[str]":
    """In a thread: what it calls is in this process."""
    return await asyncio.to_thread(
        subprocess.run,
        [PROGRAM, group, *arguments],
        env={"PATH": "/usr/bin:/bin", **settings},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


async def test_a_link_is_printed_that_works(bff: Service, settings: dict[str, str], tmp_path: Path) -> None:
    run = await _run(settings, tmp_path, "link")

    assert (run.returncode, run.stdout.count("\n")) == (0, 1)
    assert run.stdout.startswith(f"{PUBLIC}/connect/")
    assert "Works once, until 20" in run.stderr
    assert (await bff.http.get(urlsplit(run.stdout.strip()).path)).status_code == 200


async def test_on_one_machine_a_link_leads_to_where_the_service_listens(
    bff: Service, settings: dict[str, str], tmp_path: Path
) -> None:
    """As a link does that is made by a call."""
    del settings["BFF_PUBLIC_URL"]

    run = await _run(settings | {"BFF_HOST": "127.0.0.1", "BFF_PORT": "8766"}, tmp_path, "link")

    assert run.returncode == 0
    assert run.stdout.startswith("http://127.0.0.1:8766/connect/")
    assert "BFF_PUBLIC_URL is not set: the link opens on this machine only." in run.stderr
    assert (await bff.http.get(urlsplit(run.stdout.strip()).path)).status_code == 200


async def test_beyond_one_machine_a_link_needs_an_address(settings: dict[str, str], tmp_path: Path) -> None:
    del settings["BFF_PUBLIC_URL"]

    run = await _run(settings | {"BFF_HOST": "192.0.2.1"}, tmp_path, "link")

    assert (run.returncode, run.stdout) == (2, "")
    assert "BFF_PUBLIC_URL is not set" in run.stderr


async def test_accounts_are_listed_with_how_they_stand(
    bff: Service, calendly: Simulation, settings: dict[str, str], tmp_path: Path
) -> None:
    empty = await _run(settings, tmp_path, "list")
    for user in ("ada", "grace"):
        await connect(bff, calendly, user)
    well = await _run(settings, tmp_path, "list")
    await revoked(bff, calendly, GRACE)
    calendly.clock.advance(hours=1)
    await bff.get("/event-types")
    ill = await _run(settings, tmp_path, "list")
    strange = await _run(settings | {"BFF_SECRET_KEYS": OTHER_KEY}, tmp_path, "list")

    ada, grace = await id_of(calendly), await id_of(calendly, GRACE)
    assert (empty.returncode, empty.stdout) == (
        0,
        "No account is connected. To connect one: calendly-bff accounts link\n",
    )
    lines = {line.split()[0]: line for line in well.stdout.splitlines()}
    assert well.returncode == 0
    assert lines.keys() == {ada, grace}
    assert lines[ada].split()[1] == "ada"
    assert "connected 2026-11-23 06:00 UTC  alive, token until 2026-11-23 08:00 UTC" in lines[ada]
    assert "scopes: users:read" in lines[ada]
    assert ill.returncode == strange.returncode == 1
    (dead,) = [line for line in ill.stdout.splitlines() if "dead" in line]
    assert dead.startswith(grace)
    assert "calendly-bff accounts link" in dead
    assert strange.stdout.count("unreadable: none of BFF_SECRET_KEYS opens it.") == 2


async def test_an_account_is_disconnected(
    bff: Service, calendly: Simulation, settings: dict[str, str], tmp_path: Path
) -> None:
    await connect(bff, calendly, "ada")
    account = await id_of(calendly)

    first, again = [await _run(settings, tmp_path, "disconnect", account) for _ in range(2)]

    assert (first.returncode, first.stdout) == (0, f"{account} is disconnected.\n")
    assert "background" not in first.stderr
    assert (again.returncode, again.stdout) == (1, "")
    await connecting_of(bff).roster.look()
    assert owned(bff).accounts.all() == ()


async def _registered(bff: Service, calendly: Simulation) -> str:
    """The account of Ada, who is connected, and of whom Calendly tells."""
    await connect(bff, calendly, "ada")
    [subscription] = owned(bff).webhooks.subscriptions
    await subscription.register()
    assert len(await subscription.listed()) == 1
    return await id_of(calendly)


async def _subscriptions(calendly: Simulation) -> int:
    whose = {"organization": await organization(calendly), "user": await calendly.me(), "scope": "user"}
    return len((await calendly.get("/webhook_subscriptions", **whose)).json()["collection"])


async def test_who_is_disconnected_is_not_told_of_any_more(
    bff: Service, calendly: Simulation, settings: dict[str, str], tmp_path: Path
) -> None:
    account = await _registered(bff, calendly)

    run = await _run(settings, tmp_path, "disconnect", account)

    assert (run.returncode, run.stdout) == (0, f"{account} is disconnected.\n")
    assert PUBLIC not in run.stderr
    assert await _subscriptions(calendly) == 0


@pytest.mark.parametrize("why", ["away", "dead"])
async def test_where_calendly_goes_on_telling_of_who_is_disconnected_that_is_said(
    bff: Service, calendly: Simulation, settings: dict[str, str], tmp_path: Path, why: str
) -> None:
    account = await _registered(bff, calendly)
    if why == "dead":
        await revoked(bff, calendly, ADA)
    else:
        await plan_fault(calendly, "status", path="^/webhook_subscriptions", times=9, status=503)

    run = await _run(settings, tmp_path, "disconnect", account)
    await calendly.http.delete("/_simulator/faults")

    assert (run.returncode, run.stdout) == (0, f"{account} is disconnected.\n")
    assert f"{PUBLIC}/webhooks/calendly/{account}" in run.stderr
    assert await connecting_of(bff).grants.get(account) is None
    assert await _subscriptions(calendly) == 1


@pytest.mark.parametrize("why", ["its grant cannot be read", "BFF_PUBLIC_URL is not set"])
async def test_where_calendly_cannot_be_asked_to_stop_that_is_said(
    bff: Service, calendly: Simulation, settings: dict[str, str], tmp_path: Path, why: str
) -> None:
    account = await _registered(bff, calendly)
    if "grant" in why:
        settings["BFF_SECRET_KEYS"] = OTHER_KEY
    else:
        del settings["BFF_PUBLIC_URL"]

    run, again = [await _run(settings, tmp_path, "disconnect", account) for _ in range(2)]

    assert (run.returncode, run.stdout) == (0, f"{account} is disconnected.\n")
    assert f"{account}: Calendly could not be told to deliver no longer ({why})." in run.stderr
    assert "told to deliver" not in again.stderr
    assert await _subscriptions(calendly) == 1


async def test_who_is_disconnected_and_connected_again_is_told_of_by_itself(
    bff: Service, calendly: Simulation, settings: dict[str, str], tmp_path: Path
) -> None:
    account = await _registered(bff, calendly)
    await _run(settings, tmp_path, "disconnect", account)
    await connecting_of(bff).roster.look()

    await connect(bff, calendly, "ada")
    [subscription] = owned(bff).webhooks.subscriptions
    wanted = replace(subscription, wishes=replace(subscription.wishes, by_itself=True))
    await wanted.look_if_due()

    assert await _subscriptions(calendly) == 1


async def test_what_the_account_with_a_token_of_its_own_wishes_is_no_matter_of_a_grant(
    calendly: Simulation, redis: RedisServer, settings: dict[str, str], tmp_path: Path
) -> None:
    settings |= {"CALENDLY_TOKEN": ADA, "CALENDLY_WEBHOOK_KEYS": KEY}
    account = await id_of(calendly)
    registered = await _run(settings, tmp_path, "register", group="webhooks")
    with Redis(port=redis.port, db=STATE) as store:
        before = store.get(names.look(account))

        run = await _run(settings, tmp_path, "disconnect", account)

        after = store.get(names.look(account))
    assert registered.returncode == 0, registered.stderr
    assert (run.returncode, run.stdout) == (1, "")
    assert before is not None
    assert after == before


async def test_accounts_are_sealed_with_a_new_key(
    bff: Service, calendly: Simulation, settings: dict[str, str], tmp_path: Path
) -> None:
    await connect(bff, calendly, "ada")

    run = await _run(settings | {"BFF_SECRET_KEYS": f"{OTHER_KEY},{SECRET_KEY}"}, tmp_path, "reseal")
    stranger = await _run(settings, tmp_path, "reseal")

    assert (run.returncode, run.stdout) == (0, "1 sealed with the first key of BFF_SECRET_KEYS.\n")
    assert stranger.returncode == 1
    assert f"{await id_of(calendly)} is sealed with none of these keys" in stranger.stderr


@pytest.mark.parametrize("without", ["CALENDLY_OAUTH_CLIENT_ID", "BFF_STATE_URL"])
async def test_what_is_not_set_is_named(settings: dict[str, str], tmp_path: Path, without: str) -> None:
    absent = {without, "CALENDLY_OAUTH_CLIENT_SECRET"} if "CLIENT" in without else {without}

    run = await _run({k: v for k, v in settings.items() if k not in absent}, tmp_path, "list")

    assert (run.returncode, run.stdout) == (2, "")
    assert without in run.stderr


@pytest.mark.parametrize(
    "command", [["list"], ["link"], ["disconnect", "X"], ["reseal"]], ids=lambda each: each[0]
)
async def test_a_state_store_that_is_away_is_said_so(
    settings: dict[str, str], tmp_path: Path, command: list[str]
) -> None:
    away = {"BFF_STATE_URL": f"redis://127.0.0.1:{free_port()}/1"}

    run = await _run(settings | away, tmp_path, *command)

    assert (run.returncode, run.stdout) == (1, "")
    assert "Check BFF_STATE_URL" in run.stderr
    assert "Traceback" not in run.stderr
