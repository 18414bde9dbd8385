"""Asking the service before it is measured: learn what each answer is, and that it is right."""

from collections.abc import Sequence

import msgspec

from benchmarks.answers import Answer, Expected, parsed
from benchmarks.browser import get
from benchmarks.keys import WEEK, Question
from benchmarks.load import Manner, Requests, drive
from benchmarks.stage import SLOTS_A_WEEK, Server

PLAIN = {"Accept_Encoding": "identity"}
LEARNING = Manner(connections=4, patience=900, keep=True)


class WrongAnswerError(Exception):
    """What is to be measured does not work."""


def answers(server: Server, requests: Sequence[bytes]) -> list[bytes]:
    """The whole answers, raw and in order. Raises `WrongAnswerError` where one is missing."""
    outcome = drive([server.port], Requests(requests), range(len(requests)), LEARNING)
    if outcome.wrong:
        raise WrongAnswerError(str(dict(outcome.wrong)))
    return [outcome.raw[number] for number in range(len(requests))]


def checked_answers(server: Server, asked: Sequence[Question]) -> list[bytes]:
    """What a browser is answered, after all is in the cache; each is a whole week of the question.

    Raises `WrongAnswerError`.
    """
    requests = [get(question.path) for question in asked]
    answers(server, requests)
    raw = answers(server, requests)
    for question, each in zip(asked, raw, strict=True):
        check(question, parsed(each))
    return raw


def plain_answers(server: Server, asked: Sequence[Question]) -> list[bytes]:
    """Bodies without any coding."""
    requests = [get(question.path, **PLAIN) for question in asked]
    return [parsed(raw).body for raw in answers(server, requests)]


def check(question: Question, answer: Answer) -> None:
    """Raises `WrongAnswerError` unless it is 203 slots of the week, in the zone."""
    try:
        body = msgspec.json.decode(answer.plain)
        slots = sum(len(day["slots"]) for day in body["days"])
        found = (answer.status, body["timeZone"], body["from"], body["to"])
    except (msgspec.DecodeError, KeyError) as error:
        raise WrongAnswerError(f"{question.path}: {answer.status}") from error
    last = str(question.first + WEEK)
    # A zone ahead of or behind the host's cuts its first and last evening elsewhere.
    if found != (200, question.zone, str(question.first), last) or not 0 <= SLOTS_A_WEEK - slots <= _EDGE:
        raise WrongAnswerError(f"{question.path}: {found}, {slots} slots")


_EDGE = 29
"""Slots of one day, which may not have begun to be bookable where it is already today."""


def conditional(asked: Sequence[Question], raw: Sequence[bytes]) -> list[bytes]:
    """The same requests from a browser that has the answers already."""
    tags = [parsed(each).headers.get("etag", '"none"') for each in raw]
    return [get(question.path, If_None_Match=tag) for question, tag in zip(asked, tags, strict=True)]


def expecting(requests: Sequence[bytes], raw: Sequence[bytes]) -> Requests:
    return Requests(requests, [Expected.like(each) for each in raw])
