"""`python -m tests.soak.tap PORT`: stands before the service at this port, and takes the time of each of its answers.

It prints the port at which it listens, and passes on what it hears there. At the end of its input it prints the
answers as JSON. It is a process with nothing else to do: whoever sends through it may be busy with other things.
"""

import asyncio
import sys
from asyncio import StreamReader, StreamWriter
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import perf_counter

import msgspec

from tests.soak.answer_times import Answer

CHUNK = 65536
START_SECONDS = 30.0


@dataclass(slots=True)
class _Passage:
    """One connection, on which one question is asked at a time."""

    answers: list[Answer]
    asked_at: float | None = None
    """When the first byte of a question came, while nothing of its answer has."""

    def ask(self, _: bytes) -> None:
        if self.asked_at is None:
            self.asked_at = perf_counter()

    def answer(self, part: bytes) -> None:
        if self.asked_at is not None:
            self.answers.append(Answer(int(part[9:12]), perf_counter() - self.asked_at))
            self.asked_at = None


@dataclass(frozen=True, slots=True)
class Tap:
    port: int
    _process: Process

    async def answers(self) -> list[Answer]:
        """All of them. Nothing passes any more after that."""
        return msgspec.json.decode(await _ended(self._process), type=list[Answer])


@asynccontextmanager
async def running_tap(port: int) -> AsyncIterator[Tap]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.soak.tap", str(port), stdin=PIPE, stdout=PIPE
    )
    assert process.stdout is not None
    try:
        line = await asyncio.wait_for(process.stdout.readline(), START_SECONDS)
        yield Tap(int(line), process)
    finally:
        await _ended(process)


async def _ended(process: Process) -> bytes:
    """What it says at last; nothing where it has said that before."""
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.close()
    said = await process.stdout.read()
    await process.wait()
    return said


async def _serve(port: int) -> list[Answer]:
    answers: list[Answer] = []

    async def pass_on(asking: StreamReader, asker: StreamWriter) -> None:
        answering, answerer = await asyncio.open_connection("127.0.0.1", port)
        passage = _Passage(answers)
        ways = {
            asyncio.create_task(_poured(asking, answerer, passage.ask)),
            asyncio.create_task(_poured(answering, asker, passage.answer)),
        }
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        for end in (asker, answerer):
            end.close()
        await asyncio.gather(*ways, return_exceptions=True)

    server = await asyncio.start_server(pass_on, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.read)
    return answers


async def _poured(reader: StreamReader, writer: StreamWriter, heed: Callable[[bytes], None]) -> None:
    while part := await reader.read(CHUNK):
        heed(part)
        writer.write(part)
        await writer.drain()


if __name__ == "__main__":
    sys.stdout.write(msgspec.json.encode(asyncio.run(_serve(int(sys.argv[1])))).decode())
