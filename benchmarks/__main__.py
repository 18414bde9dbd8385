"""`make bench`: what an answer about free times costs when its days are in the cache.

Compared in one run with a bare ASGI application that sends the same bytes. The
service runs on its embedded store, so that nothing has to be installed.
Contenders take turns, forwards and backwards; the figure is the median.
"""

import statistics
import tempfile
import urllib.request
from contextlib import ExitStack
from pathlib import Path

from benchmarks.measuring import Server, cost, free_port, running

ROUNDS = 6
REQUESTS = 640
PATH = "/api/v1/event-types/intro-call/availability?timeZone=Europe/Berlin"


def main() -> None:
    with ExitStack() as stack:
        contenders = _contenders(stack)
        costs: dict[str, list[float]] = {name: [] for name in contenders}
        for server in contenders.values():
            cost(server, PATH, REQUESTS)
        for round_ in range(ROUNDS):
            order = list(contenders) if round_ % 2 == 0 else list(reversed(contenders))
            for name in order:
                costs[name].append(cost(contenders[name], PATH, REQUESTS))
    _report(costs)


def _contenders(stack: ExitStack) -> dict[str, Server]:
    simulator_port, port, bare_port = free_port(), free_port(), free_port()
    simulator = ["-m", "simulator", "--port", str(simulator_port)]
    stack.enter_context(running(simulator, simulator_port, {}))
    service = {
        "CALENDLY_TOKEN": "simulator-token-ada",
        "CALENDLY_API_URL": f"http://127.0.0.1:{simulator_port}",
        "BFF_ALLOWED_ORIGINS": "https://booking.example.test",
        "BFF_AVAILABILITY_FRESH": "3600",
        "BFF_LOG_LEVEL": "warning",
    }
    served = stack.enter_context(running(["-m", "app", "serve", "--port", str(port)], port, service))
    body = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "body.json"
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{PATH}") as answer:
        body.write_bytes(answer.read())
    uvicorn = ["-m", "uvicorn", "benchmarks.peers.bare:app", "--port", str(bare_port), "--no-access-log"]
    bare = stack.enter_context(running(uvicorn, bare_port, {"BENCH_BODY": str(body)}))
    return {"bare ASGI, same bytes": bare, "this service, days in the cache": served}


def _report(costs: dict[str, list[float]]) -> None:
    least = min(statistics.median(each) for each in costs.values())
    print(f"{'contender':<36}{'µs CPU a request':>18}{'spread':>10}{'ratio':>8}")
    for name, each in costs.items():
        median = statistics.median(each)
        spread = (max(each) - min(each)) / median
        print(f"{name:<36}{median:>18.0f}{spread:>10.0%}{median / least:>8.1f}")


main()
