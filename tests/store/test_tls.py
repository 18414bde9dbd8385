"""Stores over TLS: a server that cannot prove who it is gets neither a password nor a command."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from app.store.connection import STATE_PATIENCE, is_reachable, open_store
from app.store.state import StateStore
from tests.support.ports import await_listener, free_port
from tests.support.redis import PROGRAM, RedisServer, running_redis

SLOTS = 16_384


@contextmanager
def _running_sentinel(folder: Path, master: int, tls: dict[str, str]) -> Iterator[int]:
    """The port of a sentinel that speaks nothing but TLS."""
    port = free_port()
    settings = {"port": "0", "tls-port": str(port), "tls-replication": "yes", "dir": str(folder)}
    settings |= {name.replace("_", "-"): value for name, value in tls.items()}
    lines = [f"{name} {value}" for name, value in settings.items()]
    configuration = folder / "sentinel.conf"
    configuration.write_text("\n".join([*lines, f"sentinel monitor main 127.0.0.1 {master} 1", ""]))
    process = subprocess.Popen([PROGRAM, str(configuration), "--sentinel"], stdout=subprocess.DEVNULL)
    try:
        await_listener(port)
        yield port
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate that vouches for all servers here; a key and a certificate of theirs lie beside it."""
    folder = tmp_path_factory.mktemp("certificates")
    vouching = trustme.CA()
    issued = vouching.issue_cert("127.0.0.1")
    vouching.cert_pem.write_to_path(folder / "authority.pem")
    issued.private_key_pem.write_to_path(folder / "key.pem")
    issued.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
    return folder / "authority.pem"


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory, authority: Path) -> Iterator[dict[str, str]]:
    """By kind: one Redis, a cluster of one, and the first again by its sentinel."""
    single, node, sentinel = (tmp_path_factory.mktemp(name) for name in ("single", "node", "sentinel"))
    tls = {
        "tls_cert_file": str(authority.with_name("certificate.pem")),
        "tls_key_file": str(authority.with_name("key.pem")),
        "tls_ca_cert_file": str(authority),
        "tls_auth_clients": "no",
    }
    ports = [free_port(), free_port()]
    cluster = {"cluster_enabled": "yes", "cluster_port": str(free_port()), "tls_cluster": "yes"}
    with (
        running_redis(single, tls_port=str(ports[0]), **tls),
        running_redis(node, tls_port=str(ports[1]), **cluster, **tls) as clustered,
        _running_sentinel(sentinel, ports[0], tls) as watching,
    ):
        _own_all_slots(clustered)
        yield {
            "single": f"rediss://127.0.0.1:{ports[0]}",
            "cluster": f"rediss+cluster://127.0.0.1:{ports[1]}",
            "sentinel": f"rediss+sentinel://127.0.0.1:{watching}/main",
        }


def _own_all_slots(node: RedisServer) -> None:
    node.told("CLUSTER ADDSLOTSRANGE", 0, SLOTS - 1)
    deadline = time.monotonic() + 15
    while node.told("CLUSTER INFO")["cluster_state"] != "ok":
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("kind", ["single", "cluster", "sentinel"])
async def test_a_server_that_an_authority_vouches_for_is_used(
    urls: dict[str, str], authority: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))

    async with open_store(urls[kind], patience=STATE_PATIENCE) as store:
        assert await StateStore(store).get("name") is None


@pytest.mark.parametrize("kind", ["single", "cluster", "sentinel"])
async def test_a_server_that_nobody_vouches_for_is_not_used(urls: dict[str, str], kind: str) -> None:
    async with open_store(urls[kind], patience=STATE_PATIENCE) as store:
        assert not await is_reachable(store)


@pytest.mark.parametrize("kind", ["single", "sentinel"])
async def test_a_server_that_vouches_for_another_name_is_not_used(
    urls: dict[str, str], authority: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))

    async with open_store(urls[kind].replace("127.0.0.1", "localhost"), patience=STATE_PATIENCE) as store:
        assert not await is_reachable(store)
