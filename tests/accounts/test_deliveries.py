"""What Calendly tells of a connected account, from the consent to whoever looks at free times, a colleague's too."""

import asyncio
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import httpx
import pytest
import uvicorn

from app.main import create_app
from app.webhooks.subscriptions import EVENTS, PATH
from tests.soak.waiting import until
from tests.support.accounts import connect, id_of, settings_to_connect
from tests.support.canary_watch import watched
from tests.support.event_streams import EventSource, listening
from tests.support.hooks import KEY, PATIENCE, believing, eventually
from tests.support.hosted_pages import HostedPages
from tests.support.keys import SECRET_KEY
from tests.support.ports import free_port
from tests.support.redis import CACHE, STATE, RedisServer
from tests.support.service import Service, calls_of, clear_calls
from tests.support.serving import serve_config
from tests.support.simulation import ADA, GRACE, Json, Simulation
from tests.support.webhooks import deliveries, organization

PROGRAM = str(Path(sys.executable).parent / "calendly-bff")
OF_THE_APPLICATION = "simulator-web-client-signing-key"
"""As Calendly's developer portal shows it."""

TOKENS = {"ada": ADA, "grace": GRACE}
OWN = {"ada": "intro-call", "grace": "office-hours"}
"""An event type that nobody else hosts."""

IN_UTC = {"timeZone": "UTC"}


@dataclass(frozen=True)
class House:
    """A service that Calendly reaches at the address that it is told, and hosts who connect."""

    bff: Service
    url: str
    calendly: Simulation
    redis: RedisServer
    folder: Path

    async def subscriptions(self, user: str) -> list[Json]:
        host = self.calendly.as_(TOKENS[user])
        whose = {"organization": await organization(host), "user": await host.me(), "scope": "user"}
        return list((await host.get("/webhook_subscriptions", **whose)).json()["collection"])

    async def connected(self, *users: str) -> None:
        """And told of by Calendly, without anybody having registered them."""
        for user in users:
            assert (await connect(self.bff, self.calendly, user)).status_code == 200
        async with asyncio.timeout(PATIENCE):
            # Not too often: what is asked here, Calendly counts as the hosts' own calls.
            await until(partial(self._are_told_of, users), every=0.25)

    async def _are_told_of(self, users: tuple[str, ...]) -> bool:
        return [len(await self.subscriptions(user)) for user in users] == [1] * len(users)

    async def command(self, *arguments: str) -> str:
        """What `calendly-bff webhooks …` says, in a process of its own."""
        told = {
            "CALENDLY_API_URL": str(self.calendly.http.base_url).rstrip("/"),
            "CALENDLY_OAUTH_URL": str(self.calendly.http.base_url).rstrip("/"),
            "CALENDLY_OAUTH_CLIENT_ID": "simulator-web-client",
            "CALENDLY_OAUTH_CLIENT_SECRET": "simulator-web-client-secret",
            "CALENDLY_WEBHOOK_KEYS": OF_THE_APPLICATION,
            "BFF_PUBLIC_URL": self.url,
            "BFF_REDIS_URL": self.redis.url(CACHE),
            "BFF_STATE_URL": self.redis.url(STATE),
            "BFF_SECRET_KEYS": SECRET_KEY,
        }
        own = {
            name: value for name, value in os.environ.items() if not name.startswith(("BFF_", "CALENDLY_"))
        }
        done = await asyncio.to_thread(
            subprocess.run,
            [PROGRAM, "webhooks", *arguments],
            env=own | told,
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    async def gone(self, slug: str, start: str) -> None:
        """Wait until this start is not offered any more. The clock stands still: nothing ages."""

        async def is_gone() -> bool:
            return start not in await self.bff.free(slug, **IN_UTC)

        await eventually(is_gone)

    def listening(self, slug: str) -> AbstractAsyncContextManager[EventSource]:
        return listening(int(self.url.rpartition(":")[2]), slug)


@pytest.fixture
async def house(calendly: Simulation, redis: RedisServer, tmp_path: Path) -> AsyncIterator[House]:
    await calendly.settings(tier="enterprise")
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    settings = believing(settings_to_connect(calendly, redis, public_url=url), KEY, OF_THE_APPLICATION)
    app = create_app(settings, clock=calendly.clock)
    config = uvicorn.Config(
        watched(app), host="127.0.0.1", port=port, log_level="warning", access_log=False, ws="none"
    )
    with serve_config(config, patience=2.0):
        async with httpx.AsyncClient(base_url=url, timeout=30) as http:
            yield House(Service(app, http), url, calendly, redis, tmp_path)


@pytest.fixture
async def team(house: House) -> "Team":
    """Ada and Grace, who have `team-demo` in common: it is offered through one of them."""
    await house.connected("ada", "grace")
    through = (await house.bff.get("/event-types/team-demo")).json()["account"]
    other = {"ada": "grace", "grace": "ada"}[through]
    mine = set(await house.bff.free(OWN[through], **IN_UTC))
    start = next(each for each in await house.bff.free("team-demo", **IN_UTC) if each not in mine)
    return Team(house, other, start)


@dataclass(frozen=True)
class Team:
    """`other`: the one through whom it is not offered, and who alone has time at `start`."""

    house: House
    other: str
    start: str


@pytest.mark.parametrize("by_command", [False, True], ids=["by itself", "by command"])
async def test_an_account_is_told_of_from_the_consent_to_the_first_delivery(
    house: House, *, by_command: bool
) -> None:
    await house.connected("grace")
    address = f"{house.url}{PATH}/{await id_of(house.calendly, GRACE)}"
    said = [await house.command(each) for each in ("remove", "register") if by_command]
    start = (await house.bff.free("office-hours", **IN_UTC))[0]

    await HostedPages(house.calendly.http, "grace").book("office-hours", start)
    await house.gone("office-hours", start)

    assert said == [f"{address}: removed", f"{address}: registered"][: 2 * by_command]
    [subscription] = await house.subscriptions("grace")
    assert (subscription["callback_url"], subscription["events"]) == (address, EVENTS)
    [sent] = await deliveries(house.calendly)
    assert [attempt["status"] for attempt in sent["attempts"]] == [204]


async def test_what_an_operator_has_removed_is_not_made_again_by_itself(house: House) -> None:
    await house.connected("grace")
    await house.command("remove")
    house.calendly.clock.advance(hours=2)

    await house.connected("ada")

    assert await house.subscriptions("grace") == []


async def test_what_a_colleague_hosts_is_gone_from_the_teams_times_and_whoever_looks_hears_of_it(
    team: Team,
) -> None:
    async with team.house.listening("team-demo") as source:
        await source.begun()
        await HostedPages(team.house.calendly.http).book("team-demo", team.start)
        first = await source.next()
        await team.house.gone("team-demo", team.start)

    # Another member of the team may still have it free.
    assert first.name == "availability.changed"
    assert team.start[:10] in first.data["dates"]


async def test_what_a_colleague_has_to_do_elsewhere_is_gone_from_the_teams_times(team: Team) -> None:
    pages = HostedPages(team.house.calendly.http, team.other)
    async with team.house.listening("team-demo") as source:
        await source.begun()
        await pages.book(OWN[team.other], team.start)
        first = await source.next()
        await team.house.gone("team-demo", team.start)

    assert first.name == "availability.changed"


async def test_what_is_offered_through_several_is_looked_up_once(team: Team) -> None:
    """What everybody knows of it is too old by then."""
    calendly = team.house.calendly
    async with team.house.listening("team-demo") as source:
        await source.begun()
        calendly.clock.advance(minutes=2)
        await clear_calls(calendly)
        await HostedPages(calendly.http).book("team-demo", team.start)
        await source.next()

    assert len(await calls_of(calendly, "/event_types")) == 1


async def test_whoever_looks_hears_that_anything_may_have_changed_while_nobody_was_told(house: House) -> None:
    await house.connected("grace")
    async with house.listening("office-hours") as source:
        await source.begun()
        await house.command("register", "--anew")
        event = await source.next()

    assert (event.name, event.data["dates"]) == ("availability.changed", None)
