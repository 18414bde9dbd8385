"""`calendly-bff webhooks …`, as processes of their own."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.intents.options import ProtocolOptions
from app.observability import Metrics
from app.opening import opened
from app.settings import Settings
from app.webhook_commands import told
from app.webhooks.deliveries import read
from app.webhooks.inbox import MOST_TRIES, Claimed
from app.webhooks.subscriptions import EVENTS, PATH, Subscription
from app.webhooks.turns import turn
from tests.soak.waiting import until
from tests.support.accounts import both_connected, id_of, revoked
from tests.support.hooks import KEY, believing, counted, event_type_delivery, eventually, running_receiver
from tests.support.keys import SECRET_KEY
from tests.support.redis import CACHE, STATE, RedisServer
from tests.support.service import Service, plan_fault, sent, settings_for
from tests.support.simulation import ADA, GRACE, Json, Simulation
from tests.support.webhooks import organization, subscribe

PROGRAM = str(Path(sys.executable).parent / "calendly-bff")
PUBLIC = "http://127.0.0.1:9"

Run = Callable[..., "asyncio.Future[subprocess.CompletedProcess[str]]"]


@pytest.fixture
def run(calendly: Simulation, redis: RedisServer, tmp_path: Path) -> Run:
    """The command with everything set, unless something is to be unset or otherwise."""
    told = {
        "CALENDLY_TOKEN": ADA,
        "CALENDLY_API_URL": str(calendly.http.base_url).rstrip("/"),
        "CALENDLY_WEBHOOK_KEYS": KEY,
        "BFF_PUBLIC_URL": PUBLIC,
        "BFF_REDIS_URL": redis.url(CACHE),
        "BFF_STATE_URL": redis.url(STATE),
        "BFF_SECRET_KEYS": SECRET_KEY,
    }
    own = {name: value for name, value in os.environ.items() if not name.startswith(("BFF_", "CALENDLY_"))}

    def start(*arguments: str, **changes: str) -> "asyncio.Future[subprocess.CompletedProcess[str]]":
        return asyncio.ensure_future(
            asyncio.to_thread(
                subprocess.run,
                [PROGRAM, "webhooks", *arguments],
                env=own | told | changes,
                cwd=tmp_path,
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
        )

    return start


def _settings(calendly: Simulation, redis: RedisServer, **bff: Any) -> Settings:
    stores = {"redis_url": redis.url(CACHE), "state_url": redis.url(STATE)}
    return settings_for(str(calendly.http.base_url).rstrip("/"), **stores, **bff)


def _without_a_token(calendly: Simulation) -> dict[str, str]:
    """Only connected accounts are served."""
    return {
        "CALENDLY_TOKEN": "",
        "CALENDLY_OAUTH_CLIENT_ID": "simulator-web-client",
        "CALENDLY_OAUTH_CLIENT_SECRET": "simulator-web-client-secret",
        "CALENDLY_OAUTH_URL": str(calendly.http.base_url).rstrip("/"),
    }


async def _subscribed(calendly: Simulation) -> list[str]:
    """The addresses to which Calendly delivers for this user."""
    whose = {"organization": await organization(calendly), "user": await calendly.me(), "scope": "user"}
    found = (await calendly.get("/webhook_subscriptions", **whose)).json()["collection"]
    return [each["callback_url"] for each in found]


async def test_from_registering_to_removing(run: Run) -> None:
    said = [
        await run(*command)
        for command in (
            ["list"],
            ["register"],
            ["register"],
            ["register", "--anew"],
            ["list"],
            ["mend"],
            ["remove"],
            ["remove"],
        )
    ]

    url = PUBLIC + PATH
    assert {each.returncode for each in said} == {0}
    assert [each.stdout.strip() for each in said] == [
        "ada: none",
        f"{url}: registered",
        f"{url}: registered already, and active",
        f"{url}: registered anew; what was there is deleted",
        f"ada: {url}: active ({', '.join(EVENTS)})",
        f"{url}: active, nothing to mend",
        f"{url}: removed",
        f"{url}: there was none",
    ]
    assert KEY not in "".join(each.stdout + each.stderr for each in said)


async def test_each_line_of_the_list_names_the_account_that_it_is_about(
    run: Run, calendly: Simulation, redis: RedisServer
) -> None:
    address = f"{PUBLIC}{PATH}/{await id_of(calendly)}"
    await subscribe(calendly, address, events=["invitee.created"])
    async with both_connected(calendly, redis):
        said = await run("list", **_without_a_token(calendly))

    assert said.returncode == 0
    assert sorted(said.stdout.splitlines()) == [f"ada: {address}: active (invitee.created)", "grace: none"]


@pytest.mark.fault("W05")
async def test_a_subscription_that_calendly_has_given_up_is_mended(run: Run, calendly: Simulation) -> None:
    await run("register")
    await calendly.book("intro-call")
    organization = (await calendly.read("/users/me"))["current_organization"]
    whose = {"organization": organization, "user": await calendly.me(), "scope": "user"}

    async def fails() -> bool:
        found = (await calendly.get("/webhook_subscriptions", **whose)).json()["collection"]
        return found[0]["retry_started_at"] is not None

    async with asyncio.timeout(10):
        await until(fails, every=0.02)
    calendly.clock.advance(days=1, minutes=1)

    listed, mended, after = await run("list"), await run("mend"), await run("list")

    assert ": disabled (" in listed.stdout
    assert mended.stdout.strip() == f"{PUBLIC}{PATH}: made anew"
    assert ": active (" in after.stdout


@pytest.mark.parametrize(
    ("command", "changes", "named"),
    [
        ("register", {"BFF_PUBLIC_URL": ""}, "BFF_PUBLIC_URL"),
        ("list", {"BFF_PUBLIC_URL": ""}, "BFF_PUBLIC_URL"),
        ("register", {"CALENDLY_WEBHOOK_KEYS": ""}, "CALENDLY_WEBHOOK_KEYS"),
        ("mend", {"CALENDLY_WEBHOOK_KEYS": ""}, "CALENDLY_WEBHOOK_KEYS"),
        ("list", {"CALENDLY_TOKEN": ""}, "CALENDLY_TOKEN"),
        ("list", {"BFF_PUBLIC_URL": "http://marker.example.test"}, "BFF_PUBLIC_URL"),
    ],
)
def test_what_is_missing_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, command: str, changes: dict[str, str], named: str
) -> None:
    monkeypatch.chdir(tmp_path)
    whole = {"CALENDLY_TOKEN": ADA, "CALENDLY_WEBHOOK_KEYS": KEY, "BFF_PUBLIC_URL": PUBLIC}

    said = CliRunner().invoke(app, ["webhooks", command], env=whole | changes)

    assert (said.exit_code, named in said.stderr) == (2, True)
    assert "marker" not in said.stderr


async def test_without_a_key_it_can_be_removed_all_the_same(run: Run) -> None:
    await run("register")

    assert (await run("remove", CALENDLY_WEBHOOK_KEYS="")).stdout.endswith("removed\n")


async def test_what_was_set_aside_is_carried_out_after_all(
    run: Run, calendly: Simulation, redis: RedisServer
) -> None:
    await _set_aside(calendly, redis, event_type_delivery() | {"created_by": await calendly.me()})

    said = [await run("replay") for _ in range(2)]

    assert [each.stdout for each in said] == ["1 to be carried out again\n", "0 to be carried out again\n"]
    async with running_receiver(calendly, redis) as receiver:
        await receiver.get("/event-types")
        await eventually(partial(_has_done, receiver))


async def _has_done(receiver: Service) -> bool:
    return await counted(receiver, "done") == 1


async def _set_aside(calendly: Simulation, redis: RedisServer, message: Json) -> None:
    """Nobody carries anything out meanwhile."""
    received, account = read(json.dumps(message).encode()), (await calendly.me()).rpartition("/")[2]
    assert received.delivery is not None
    async with opened(_settings(calendly, redis), Metrics(), calendly.clock, ProtocolOptions()) as owned:
        inbox = owned.webhooks.inbox
        await inbox.put(account, received.identity, received.delivery)
        for tries in range(MOST_TRIES):
            await inbox.fail(Claimed(account, received.identity, tries, None), timedelta(0))
        assert await inbox.counts([account]) == (0, 1)


@pytest.mark.parametrize(
    ("changes", "code", "named"),
    [
        ({"BFF_STATE_URL": "memory://"}, 2, "BFF_STATE_URL"),
        ({"BFF_STATE_URL": "redis://127.0.0.1:9/1"}, 1, "BFF_STATE_URL"),
        ({"CALENDLY_API_URL": "http://127.0.0.1:9"}, 1, "Calendly did not do it"),
    ],
    ids=["embedded store", "store away", "Calendly away"],
)
async def test_what_keeps_it_from_being_replayed_is_named(
    run: Run, changes: dict[str, str], code: int, named: str
) -> None:
    said = await run("replay", **changes)

    assert (said.returncode, named in said.stderr, "Traceback" in said.stderr) == (code, True, False)


async def test_an_address_that_another_has_is_not_to_be_had(run: Run, calendly: Simulation) -> None:
    await subscribe(calendly.as_(GRACE), PUBLIC + PATH)

    said = await run("register")

    assert said.returncode == 1
    assert "choose another address" in said.stderr


async def test_a_token_without_the_scopes_says_which_it_needs(run: Run, calendly: Simulation) -> None:
    await calendly.settings(scopes={ADA: ["users:read", "event_types:read"]})

    said = await run("register")

    assert said.returncode == 1
    assert "webhooks:read" in said.stderr


@pytest.mark.parametrize("dead", [ADA, GRACE], ids=["ada", "grace"])
@pytest.mark.parametrize("command", ["register", "mend"])
async def test_an_account_that_cannot_be_subscribed_for_keeps_no_other_from_it(
    run: Run, calendly: Simulation, redis: RedisServer, command: str, dead: str
) -> None:
    """Whichever comes first: both are tried, and in one order."""
    alive = {ADA: GRACE, GRACE: ADA}[dead]
    addresses = {token: f"{PUBLIC}{PATH}/{await id_of(calendly, token)}" for token in (ADA, GRACE)}
    async with both_connected(calendly, redis) as bff:
        await revoked(bff, calendly, dead)

        said = await run(command, PYTHONHASHSEED="0", **_without_a_token(calendly))

    assert said.returncode == 1
    assert said.stdout.startswith(f"{addresses[alive]}: ")
    assert said.stdout.count("\n") == 1
    assert f"{addresses[dead]}: " in said.stderr
    assert "calendly-bff accounts link" in said.stderr
    assert await _subscribed(calendly.as_(alive)) == [addresses[alive]]


@pytest.mark.parametrize("command", ["register", "mend"])
async def test_what_is_removed_while_another_makes_it_stays_away(
    run: Run, calendly: Simulation, command: str
) -> None:
    await plan_fault(calendly, "delay", path="^/webhook_subscriptions$", method="POST", seconds=3)
    making = run(command)
    await sent(calendly, "/webhook_subscriptions")

    removed = await run("remove")

    assert ((await making).returncode, removed.returncode) == (0, 0)
    assert removed.stdout == f"{PUBLIC}{PATH}: removed\n"
    assert await _subscribed(calendly) == []


@pytest.mark.parametrize("change", [Subscription.register, Subscription.mend, Subscription.remove])
async def test_whose_turn_does_not_come_is_told_to_try_again(
    calendly: Simulation,
    redis: RedisServer,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Subscription], Awaitable[object]],
) -> None:
    async def act(subscription: Subscription) -> list[str]:
        return [str(await change(subscription))]

    settings = believing(_settings(calendly, redis, public_url=PUBLIC), KEY)
    async with opened(settings, Metrics(), calendly.clock, ProtocolOptions()) as owned:
        [subscription] = owned.webhooks.subscriptions
        async with turn(subscription.state, await id_of(calendly)):
            went_well = await told(replace(subscription, patience=timedelta(milliseconds=20)), act)

    said = capsys.readouterr()
    assert (went_well, said.out) == (False, "")
    assert f"{PUBLIC}{PATH}: Somebody else is at this subscription" in said.err


@pytest.mark.parametrize("command", ["register", "mend", "remove"])
async def test_a_store_that_is_away_is_said_so(run: Run, calendly: Simulation, command: str) -> None:
    await subscribe(calendly, PUBLIC + PATH)

    said = await run(command, BFF_STATE_URL="redis://127.0.0.1:9/1")

    assert (said.returncode, said.stdout) == (1, "")
    assert "Check BFF_STATE_URL" in said.stderr
    assert await _subscribed(calendly) == [PUBLIC + PATH]


async def test_a_calendly_that_is_away_is_no_traceback(run: Run) -> None:
    said = await run("list", CALENDLY_API_URL="http://127.0.0.1:9")

    assert said.returncode == 1
    assert "Traceback" not in said.stderr
