"""How each peer is started, and what it has and has not."""

import json
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from redis import Redis

from benchmarks.answers import Answer, parsed
from benchmarks.browser import ORIGIN
from benchmarks.cores import OTHERS, started_on
from benchmarks.keys import WEEK, Question
from benchmarks.peers.shared import plain_key
from benchmarks.stage import Server, Stage, uvicorn
from tests.support.nginx import nginx_command
from tests.support.ports import free_port
from tests.support.programs import BIN
from tests.support.redis import RedisServer, running_redis
from tests.support.simulation import ADA

HERE = Path(__file__).parent

BARE = "bare ASGI, same bytes"
MODEL_ROUTE = "FastAPI, model from Redis"
FASTIFY_MAP = "fastify with a Map"
FASTIFY_IOREDIS = "fastify with ioredis"
UNCACHED = "proxy without a cache"
NGINX = "nginx proxy_cache"

LACKS = {
    BARE: "uvicorn, uvloop, httptools; one constant answer; looks at nothing",
    MODEL_ROUTE: "checks path and query, CORS; no ETag, compression, request id, metrics or log",
    FASTIFY_MAP: "one process, ready bytes by URL, constant headers; no ETag, request id, metrics or log",
    FASTIFY_IOREDIS: "the same, ready bytes by one GET from Redis",
    UNCACHED: "FastAPI and httpx, asks the simulator each time; CORS; passes on what comes",
    NGINX: "one worker, answers of the service kept on disk; no ETag of its own, no log",
}

OF_ONE_REQUEST = {"date", "server", "connection", "keep-alive", "content-length", "x-request-id", "etag"}
"""Headers that a constant answer cannot have, or that the peer's own server sets."""

BATCH = 500


@contextmanager
def larder(folder: Path) -> Iterator[RedisServer]:
    """A Redis for the peers alone."""
    folder.mkdir()
    with started_on(OTHERS), running_redis(folder) as redis:
        yield redis


def stock(
    redis: RedisServer, asked: Sequence[Question], raw: Sequence[bytes], plain: Sequence[bytes]
) -> None:
    """What the service answered, under the names by which the peers look for it."""
    with Redis(port=redis.port) as client:
        for begin in range(0, len(asked), BATCH):
            pipe = client.pipeline(transaction=False)
            part = slice(begin, begin + BATCH)
            for question, answer, body in zip(asked[part], raw[part], plain[part], strict=True):
                pipe.set(f"packed:{question.path}", parsed(answer).body)
                last = question.first + WEEK
                pipe.set(plain_key(question.event_type, question.first, last, question.zone), body)
            pipe.execute()


@contextmanager
def bare(stage: Stage, answer: bytes) -> Iterator[Server]:
    port = free_port()
    file = stage.folder / f"answer-{port}"
    file.write_bytes(answer)
    told = {"BENCH_ANSWER": str(file)}
    with stage.started(uvicorn("benchmarks.peers.bare:app", port), port, told) as server:
        yield server


@contextmanager
def model_route(stage: Stage, redis: RedisServer) -> Iterator[Server]:
    port = free_port()
    told = {"BENCH_REDIS_URL": redis.url(), "BENCH_ORIGIN": ORIGIN}
    with stage.started(uvicorn("benchmarks.peers.model_route:app", port), port, told) as server:
        yield server


@contextmanager
def uncached(stage: Stage, calendly: str | None = None) -> Iterator[Server]:
    """`calendly`: where to find it, if not at its own address."""
    port = free_port()
    told = {"BENCH_CALENDLY": calendly or stage.calendly, "BENCH_ORIGIN": ORIGIN, "BENCH_TOKEN": ADA}
    with stage.started(uvicorn("benchmarks.peers.uncached:app", port), port, told) as server:
        yield server


@contextmanager
def fastify(stage: Stage, script: str, redis: RedisServer, like: Answer) -> Iterator[Server]:
    """`script` is `map` or `ioredis`; `like` has the headers that all answers get."""
    port = free_port()
    headers = {name: value for name, value in like.headers.items() if name not in OF_ONE_REQUEST}
    told = {
        "BENCH_PORT": str(port),
        "BENCH_REDIS_URL": redis.url(),
        "BENCH_HEADERS": json.dumps(headers),
        "NODE_ENV": "production",
    }
    command = [_node(), str(HERE / f"fastify_{script}.mjs")]
    with stage.started(command, port, told) as server:
        yield server


def _node() -> str:
    """The program itself: what stands in the environment is a script that starts it."""
    asked = [str(BIN / "node"), "--print", "process.execPath"]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


@contextmanager
def nginx(stage: Stage, service: Server) -> Iterator[Server]:
    port = free_port()
    folder = stage.folder / f"nginx-{port}"
    folder.mkdir()
    command = nginx_command(folder, HERE / "nginx.conf", PORT=port, SERVICE=service.port)
    with stage.started(command, port) as server:
        yield server
