"""One attempt, against a real listener: where it goes, what it says, and what an answer means."""

import asyncio
import socket
import ssl
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
import trustme
from structlog.testing import capture_logs

from app.relay.schedule import NONE
from app.relay.sender import Answer, Sender, SenderOptions, Verdict
from app.relay.targets import Target
from tests.relay.examples import AT, OTHER_SECRET, SECRET, secret_key, target
from tests.relay.receiver import HANG, Receiver, answer, receiving
from tests.support.ports import free_port

ID = "msg_1"
BODY = b'{"type":"booking.confirmed","data":{"invitee":{"email":"grace@example.test"}}}'
NAME = "backend.example.test"
TAKEN = Answer(Verdict.TAKEN, "204")
FORBIDDEN = Answer(Verdict.AGAIN, "forbidden_address")


def sender(**changes: Any) -> Sender:
    usual: dict[str, Any] = {"private": True, "clock": lambda: AT}
    return Sender([secret_key(SECRET), secret_key(OTHER_SECRET)], SenderOptions(**(usual | changes)))


class Fickle:
    """A name server that says something else each time, and the last thing for ever."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.left = list(answers)
        self.asked = 0

    async def __call__(self, _host: str, _port: int) -> Sequence[str]:
        self.asked += 1
        return self.left.pop(0) if len(self.left) > 1 else self.left[0]


async def test_a_notice_arrives_signed_with_each_secret_and_as_it_is(receiver: Receiver) -> None:
    assert await sender().send(target(receiver.port), ID, BODY) == TAKEN

    [received] = receiver.received
    assert (received.id, received.body, received.path) == (ID, BODY, "/bookings")
    assert received.is_signed_with(SECRET)
    assert received.is_signed_with(OTHER_SECRET)
    assert received.headers["webhook-timestamp"] == str(int(AT.timestamp()))
    assert received.headers["content-type"] == "application/json"
    assert received.headers["host"] == f"127.0.0.1:{receiver.port}"


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        pytest.param(answer(200), Answer(Verdict.TAKEN, "200"), id="done"),
        pytest.param(answer(202), Answer(Verdict.TAKEN, "202"), id="will do"),
        pytest.param(answer(400), Answer(Verdict.AGAIN, "400"), id="refused"),
        pytest.param(answer(404), Answer(Verdict.AGAIN, "404"), id="not there"),
        pytest.param(answer(410), Answer(Verdict.NEVER, "410"), id="gone for good"),
        pytest.param(answer(500), Answer(Verdict.AGAIN, "500"), id="broken"),
        pytest.param(answer(500, "Retry-After: 60"), Answer(Verdict.AGAIN, "500"), id="broken, with a wish"),
        pytest.param(
            answer(429, "Retry-After: 60"), Answer(Verdict.AGAIN, "429", timedelta(seconds=60)), id="too many"
        ),
        pytest.param(
            answer(503, "Retry-After: Mon, 23 Nov 2026 06:02:00 GMT"),
            Answer(Verdict.AGAIN, "503", timedelta(minutes=2)),
            id="busy until then",
        ),
        pytest.param(answer(503), Answer(Verdict.AGAIN, "503", NONE), id="busy"),
        pytest.param("Hello\r\n\r\n", Answer(Verdict.AGAIN, "broken_off"), id="no HTTP"),
    ],
)
async def test_what_an_answer_means(receiver: Receiver, said: str, expected: Answer) -> None:
    receiver.answers = [said]

    assert await sender().send(target(receiver.port), ID, BODY) == expected


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    async with receiving() as elsewhere:
        receiver.answers = [answer(status, f"Location: {elsewhere.url}")]

        said = await sender().send(target(receiver.port), ID, BODY)

        assert said == Answer(Verdict.AGAIN, str(status))
        assert elsewhere.received == []
    assert len(receiver.received) == 1


async def test_the_status_is_enough_however_much_follows(receiver: Receiver) -> None:
    """A body that never ends costs neither memory nor time."""
    receiver.answers = ["HTTP/1.1 200 Answer\r\ncontent-length: 1000000000\r\n\r\nHello"]

    async with asyncio.timeout(5):
        assert await sender().send(target(receiver.port), ID, BODY) == Answer(Verdict.TAKEN, "200")


async def test_who_never_answers_is_given_up(receiver: Receiver) -> None:
    receiver.answers = [HANG]

    said = await sender(deadline=timedelta(seconds=0.3)).send(target(receiver.port), ID, BODY)

    assert said == Answer(Verdict.AGAIN, "timed_out")


async def test_a_name_server_that_never_answers_is_given_up() -> None:
    async def silent(_host: str, _port: int) -> Sequence[str]:
        await asyncio.Event().wait()
        return []

    said = await sender(deadline=timedelta(seconds=0.1), resolve=silent).send(target(), ID, BODY)

    assert said == Answer(Verdict.AGAIN, "timed_out")


async def test_who_is_not_there_is_unreachable() -> None:
    assert await sender().send(target(free_port()), ID, BODY) == Answer(Verdict.AGAIN, "unreachable")


async def test_a_name_that_does_not_resolve_is_told_of() -> None:
    async def unknown(_host: str, _port: int) -> Sequence[str]:
        raise socket.gaierror

    assert await sender(resolve=unknown).send(target(), ID, BODY) == Answer(Verdict.AGAIN, "unresolved")


async def test_where_private_networks_are_not_allowed_nothing_is_sent(receiver: Receiver) -> None:
    assert await sender(private=False).send(target(receiver.port), ID, BODY) == FORBIDDEN
    assert receiver.received == []


async def test_what_was_looked_at_is_what_is_called(receiver: Receiver) -> None:
    """The name server says something else the second time: nobody asks it a second time."""
    names = Fickle(["127.0.0.1"], ["169.254.169.254"])
    rebound = Target.of(f"http://localhost:{receiver.port}/bookings")

    first = await sender(resolve=names).send(rebound, ID, BODY)

    assert (first, names.asked) == (TAKEN, 1)
    assert receiver.received[0].headers["host"] == f"localhost:{receiver.port}"

    assert await sender(resolve=names).send(rebound, ID, BODY) == FORBIDDEN
    assert len(receiver.received) == 1


async def test_of_several_addresses_the_next_is_tried_where_one_takes_no_connection(
    receiver: Receiver,
) -> None:
    names = Fickle(["127.0.0.2", "127.0.0.1"])
    several = Target.of(f"http://localhost:{receiver.port}/bookings")

    assert await sender(resolve=names).send(several, ID, BODY) == TAKEN


async def test_of_several_addresses_the_next_is_not_tried_where_one_has_it(receiver: Receiver) -> None:
    receiver.answers = [answer(500)]
    names = Fickle(["127.0.0.1", "127.0.0.1"])
    several = Target.of(f"http://localhost:{receiver.port}/bookings")

    assert await sender(resolve=names).send(several, ID, BODY) == Answer(Verdict.AGAIN, "500")
    assert len(receiver.received) == 1


def tls(authority: trustme.CA, name: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Of a server with that name, and of whoever trusts its authority."""
    served = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(served)
    trusting = ssl.create_default_context()
    authority.configure_trust(trusting)
    return served, trusting


@pytest.mark.parametrize(
    ("certified", "expected"),
    [
        pytest.param(NAME, TAKEN, id="for the name"),
        pytest.param("other.example.test", Answer(Verdict.AGAIN, "untrusted"), id="for another name"),
        pytest.param("127.0.0.1", Answer(Verdict.AGAIN, "untrusted"), id="for the address"),
    ],
)
async def test_the_certificate_has_to_be_for_the_name(certified: str, expected: Answer) -> None:
    served, trusting = tls(trustme.CA(), certified)
    async with receiving(tls=served) as secure:
        named = Target.of(f"https://{NAME}:{secure.port}/bookings")

        said = await sender(resolve=Fickle(["127.0.0.1"]), trust=trusting).send(named, ID, BODY)

        assert said == expected
        assert [each.headers["host"] for each in secure.received] == [f"{NAME}:{secure.port}"] * (
            expected == TAKEN
        )


async def test_a_certificate_of_nobody_we_trust_is_refused() -> None:
    served, _ = tls(trustme.CA(), NAME)
    async with receiving(tls=served) as secure:
        named = Target.of(f"https://{NAME}:{secure.port}/bookings")

        said = await sender(resolve=Fickle(["127.0.0.1"])).send(named, ID, BODY)

    assert said == Answer(Verdict.AGAIN, "untrusted")


async def test_nothing_of_notice_or_answer_is_logged(receiver: Receiver) -> None:
    receiver.answers = [answer(500, body="canary-visitor@example.test")]

    with capture_logs() as logged:
        await sender().send(target(receiver.port, "/bookings?key=secret"), ID, BODY)

    assert "example.test" not in repr(logged)
    assert "secret" not in repr(logged)
