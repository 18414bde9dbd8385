"""A name server that is silent holds up nobody but those who ask for its names."""

import asyncio
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

import pytest

from app.relay.lookups import Lookups
from app.relay.sender import Answer, Sender, SenderOptions, Verdict
from app.relay.targets import Target
from tests.relay.examples import SECRET, secret_key

SILENT, OTHER = "silent.example.test", "other.example.test"
AT_ONCE = 50
"""More than the loop has threads for everybody's look-ups."""


class NameServer:
    """Of two names: one leads somewhere, the other is answered when it is told to be."""

    def __init__(self) -> None:
        self.asked = Counter[str]()
        self.answers = threading.Event()

    def __call__(self, host: str, _port: int) -> Sequence[str]:
        self.asked[host] += 1
        if host == SILENT and not self.answers.wait(30):
            raise OSError("no answer")
        return ["1.1.1.1"]


@contextmanager
def name_server() -> Iterator[NameServer]:
    server = NameServer()
    yield server
    server.answers.set()


async def test_others_find_their_names_while_one_is_silent() -> None:
    with name_server() as server:
        lookups = Lookups(server)
        sender = Sender([secret_key(SECRET)], SenderOptions(resolve=lookups, deadline=timedelta(seconds=0.1)))
        silent = Target.of(f"https://{SILENT}/")
        said = await asyncio.gather(*(sender.send(silent, "msg_1", b"{}") for _ in range(AT_ONCE)))

        async with asyncio.timeout(10):
            found = await lookups(OTHER, 443)
            of_everybody = await asyncio.get_running_loop().getaddrinfo("127.0.0.1", 443)

        assert set(said) == {Answer(Verdict.AGAIN, "timed_out")}
        assert (found, bool(of_everybody)) == (["1.1.1.1"], True)
        assert server.asked == {SILENT: 1, OTHER: 1}


async def test_who_asks_meanwhile_gets_the_same_answer_and_who_asks_later_another_look() -> None:
    with name_server() as server:
        lookups = Lookups(server)
        asked = [asyncio.create_task(lookups(SILENT, 443)) for _ in range(3)]
        await asyncio.sleep(0)
        asked[0].cancel()
        server.answers.set()
        answered = await asyncio.gather(*asked[1:])
        again = await lookups(SILENT, 443)

    assert answered == [["1.1.1.1"]] * 2
    assert (again, server.asked) == (["1.1.1.1"], {SILENT: 2})


async def test_what_goes_wrong_is_told_to_all_who_asked_and_to_nobody_else() -> None:
    def failing(_host: str, _port: int) -> Sequence[str]:
        raise OSError("no such name")

    lookups = Lookups(failing)
    for _ in range(2):
        with pytest.raises(OSError, match="no such name"):
            await lookups(OTHER, 443)


PROGRAM = """
import asyncio, time
from app.relay.lookups import Lookups

async def main():
    try:
        async with asyncio.timeout(0.1):
            await Lookups(lambda host, port: time.sleep(60))("silent.example.test", 443)
    except TimeoutError:
        print("timed out")

asyncio.run(main())
"""


def test_a_process_ends_without_waiting_for_it() -> None:
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=50, check=True
    )

    assert (done.stdout, done.stderr) == ("timed out\n", "")
    assert time.monotonic() - began < 30


async def test_the_system_knows_this_machine() -> None:
    assert set(await Lookups()("localhost", 80)) <= {"127.0.0.1", "::1"}
    assert await Lookups()("127.0.0.1", 80) == ["127.0.0.1"]
