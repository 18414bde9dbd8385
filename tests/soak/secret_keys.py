"""The secret keys, changed while visitors book with two accounts and manage their bookings, and tokens are renewed."""

import asyncio
from base64 import b64encode
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from math import inf
from pathlib import Path
from time import monotonic

import httpx
from fastapi import FastAPI

from app import API
from tests.soak.caller import Request, call
from tests.soak.customers import GRACES, Customers, managed
from tests.soak.findings import Findings
from tests.soak.replicas import Replicas, running_replicas
from tests.soak.waiting import Stopwatch, meanwhile, until
from tests.soak.world import MANY, ONE, WEEK, Calendly, running_neighbours
from tests.support.accounts import OPERATOR_KEY, connect
from tests.support.service import Service
from tests.support.simulation import Simulation, StandingClock

TRAFFIC = 3.0
"""Seconds in which nobody is restarted."""

EXPIRED = 3 * 60 * 60
"""Seconds after which Calendly takes an access token no more."""

FRESH_FOR = 70.0
"""Seconds for which an access token counts as new, and some."""

WISHES = {
    "BFF_EVENT_TYPES": f"{MANY},{ONE},{GRACES}",
    "BFF_READ_SHARE": "0.8",
    "BFF_OPERATOR_KEY": OPERATOR_KEY,
    "CALENDLY_OAUTH_CLIENT_ID": "simulator-web-client",
    "CALENDLY_OAUTH_CLIENT_SECRET": "simulator-web-client-secret",
}


@dataclass
class Scene:
    calendly: Calendly
    replicas: Replicas
    customers: Customers
    ahead: int = 0
    """Seconds by which Calendly's clock is."""
    ended_at: float = -inf
    """When the access token was last."""
    outlived: int = 0
    """Tokens that a replica took though it has no key to them any more."""

    async def change(self, old: str, new: str) -> None:
        """Second, first, alone: each step reaches one replica after the other."""
        await self._tell(f"{old},{new}")
        sealed_with_old = list(self.customers.kept)
        await self._tell(f"{new},{old}")
        # Whoever came until now may have a token that the old key seals, which may not go while theirs is in use.
        latest = self.customers.begun
        await self._end_access()
        await self.replicas.command("accounts", "reseal")
        await asyncio.sleep(TRAFFIC)
        await self.customers.cancel_up_to(latest)
        await self._tell(new)
        for one in sealed_with_old:
            self.outlived += await managed(one, self.replicas.ports[1]) != "404 not_found"

    async def _tell(self, keys: str) -> None:
        await self.replicas.tell(BFF_SECRET_KEYS=keys)
        await self.customers.read_all()

    async def _end_access(self) -> None:
        """Calendly takes the access token no more. Not soon after the last time: a token that is refused when it is new
        is renewed a minute later.
        """
        await asyncio.sleep(max(FRESH_FOR - (monotonic() - self.ended_at), 0.0))
        self.ahead += EXPIRED
        self.ended_at = monotonic()
        await self.calendly.settings(clockOffsetSeconds=self.ahead)


async def run_secret_keys(folder: Path, times: int) -> Findings:
    """So many changes: the new key second, then first, accounts sealed with it, and then the old one out."""
    watch = Stopwatch()
    texts = [f"key {number} of the trials" for number in range(times + 1)]
    keys = [b64encode(text.encode().ljust(32, b".")).decode() for text in texts]
    async with running_neighbours(folder) as (calendly, _, told):
        await calendly.settings(latencyMs=0)
        wishes = WISHES | {"CALENDLY_OAUTH_URL": f"http://127.0.0.1:{calendly.port}"}
        async with running_replicas(folder, told | wishes) as replicas:
            origin = f"http://127.0.0.1:{replicas.ports[0]}"
            await replicas.tell(BFF_SECRET_KEYS=keys[0], BFF_PUBLIC_URL=origin)
            await _connected(calendly, replicas)
            scene = Scene(calendly, replicas, Customers(replicas.ports))
            async with meanwhile(scene.customers.go_on):
                await asyncio.sleep(TRAFFIC)
                for old, new in pairwise(keys):
                    await scene.change(old, new)
            return await _judged(scene, times, watch)


async def _connected(calendly: Calendly, replicas: Replicas) -> None:
    """Grace works day and night, too, and grants access; both replicas have heard of it."""
    always = [{"type": "wday", "wday": day, "intervals": [{"from": "00:00", "to": "24:00"}]} for day in WEEK]
    await calendly.told("PATCH", "/users/grace", {"rules": always})
    async with (
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{replicas.ports[0]}", timeout=60) as service,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{calendly.port}", timeout=60) as http,
    ):
        answer = await connect(Service(FastAPI(), service), Simulation(http, StandingClock()), "grace")
        assert answer.status_code == 200, answer.text
    for port in replicas.ports:
        await until(partial(_serves_grace, port), every=0.1)


async def _serves_grace(port: int) -> bool:
    return (await call(port, Request("GET", f"{API}/event-types/{GRACES}"))).status == 200


async def _judged(scene: Scene, times: int, watch: Stopwatch) -> Findings:
    customers = scene.customers
    await customers.read_all()
    has = await scene.calendly.bookings()
    pairs = (await scene.calendly.told("GET", "/oauth_grants"))["items"]
    listed = await scene.replicas.command("accounts", "list")
    calls = customers.answers
    refused = {told: number for told, number in calls.items() if not told.startswith("200")}
    return Findings(
        name="secret keys changed",
        trials=times,
        wrong={
            "manage tokens refused": sum(refused.values()),
            "bookings turned away": customers.turned_away.total(),
            "bookings lost, or twice": sum(has[one.email] != 1 for one in customers.kept),
            "not canceled": sum(has[one.email] for one in customers.canceled),
            "grants refused": int("alive" not in listed),
            "not renewed": int(len(pairs) <= times),
            "taken without the key": scene.outlived,
        },
        told={
            "booked": len(customers.kept) + len(customers.canceled),
            **dict(calls),
            **dict(customers.turned_away),
            "nobody there": customers.unanswered,
            "renewed": len(pairs) - 1,
        },
        seconds=watch.seconds,
    )
