"""`calendly-bff relay`, as an operator types it."""

import os
import subprocess
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr

from app.relay.notices import body_of
from app.relay.outbox import Outbox
from app.sealing import Sealer
from app.setting_values import key_bytes
from app.store.connection import open_store
from app.store.state import StateStore
from tests.relay.examples import notice, target
from tests.support.keys import SECRET_KEY
from tests.support.programs import BIN
from tests.support.redis import CACHE, STATE, RedisServer

PATIENCE = 60
TO = target()
LEASE = timedelta(minutes=1)


@pytest.fixture
async def outbox(redis: RedisServer) -> AsyncIterator[Outbox]:
    async with open_store(redis.url(STATE)) as store:
        yield Outbox(StateStore(store), Sealer((key_bytes(SecretStr(SECRET_KEY)),), "relay"))


def run(folder: Path, redis: RedisServer | None, *arguments: str) -> "subprocess.CompletedProcess[str]":
    own = {name: value for name, value in os.environ.items() if not name.startswith(("BFF_", "CALENDLY_"))}
    stores = (
        {
            "BFF_REDIS_URL": redis.url(CACHE),
            "BFF_STATE_URL": redis.url(STATE),
            "BFF_SECRET_KEYS": SECRET_KEY,
        }
        if redis
        else {}
    )
    return subprocess.run(
        [str(BIN / "calendly-bff"), "relay", *arguments],
        env=own | stores,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


async def dead(outbox: Outbox, *numbers: int) -> None:
    for number in numbers:
        each = notice(number)
        await outbox.put(each, body_of(each), [TO])
    for claimed in await outbox.claim({TO.name: 100}, LEASE):
        await outbox.failed(claimed, "410", None)


async def test_what_waits_and_what_is_dead_is_listed_without_anything_personal(
    outbox: Outbox, redis: RedisServer, tmp_path: Path
) -> None:
    await dead(outbox, 1)
    await outbox.put(notice(2), body_of(notice(2)), [TO])

    shown = run(tmp_path, redis, "list")

    assert shown.returncode == 0
    assert [line.split() for line in shown.stdout.splitlines()] == [
        ["waiting:", "1"],
        [notice(2).id, "booking.confirmed", "127.0.0.1", "0", "waiting"],
        ["dead:", "1"],
        [notice(1).id, "booking.confirmed", "127.0.0.1", "1", "410"],
    ]
    assert "grace" not in shown.stdout.casefold()


async def test_one_dead_letter_is_replayed(outbox: Outbox, redis: RedisServer, tmp_path: Path) -> None:
    await dead(outbox, 1, 2)

    replayed = run(tmp_path, redis, "replay", notice(1).id)

    assert (replayed.returncode, replayed.stdout) == (0, "1 to be sent again\n")
    assert await outbox.counts() == (1, 1)
    [claimed] = await outbox.claim({TO.name: 100}, LEASE)
    assert (claimed.id, claimed.body) == (notice(1).id, body_of(notice(1)))


async def test_all_dead_letters_are_replayed(outbox: Outbox, redis: RedisServer, tmp_path: Path) -> None:
    await dead(outbox, 1, 2, 3)

    replayed = run(tmp_path, redis, "replay", "--all")

    assert (replayed.returncode, replayed.stdout) == (0, "3 to be sent again\n")
    assert await outbox.counts() == (3, 0)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        pytest.param(["replay", "msg_unknown"], 1, "0 to be sent again\n", id="an unknown one"),
        pytest.param(["replay", "--all"], 0, "0 to be sent again\n", id="all of none"),
        pytest.param(["replay"], 2, "Name one notice, or say --all.\n", id="neither"),
        pytest.param(["replay", "msg_1", "--all"], 2, "Name one notice, or say --all.\n", id="both"),
    ],
)
async def test_where_there_is_nothing_to_do_it_says_so(
    redis: RedisServer, tmp_path: Path, arguments: list[str], code: int, said: str
) -> None:
    done = run(tmp_path, redis, *arguments)

    assert (done.returncode, done.stdout + done.stderr) == (code, said)


def test_an_embedded_store_is_nobody_elses_to_look_into(tmp_path: Path) -> None:
    done = run(tmp_path, None, "list")

    assert done.returncode == 2
    assert "BFF_STATE_URL names no Redis" in done.stderr


def test_a_store_that_is_away_is_explained(tmp_path: Path) -> None:
    away = RedisServer(tmp_path)

    done = run(tmp_path, away, "list")

    assert done.returncode == 2
    assert "The state store does not answer" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_wrong_setting_is_explained(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("BFF_RELAY_URLS=https://backend.example.test/marker\n")

    done = run(tmp_path, None, "list")

    assert done.returncode == 2
    assert "BFF_RELAY_SECRETS must be set" in done.stderr
    assert "marker" not in done.stderr
