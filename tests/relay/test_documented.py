"""What `docs/relay.md` tells receivers to do does what it says."""

import json
import re
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from app.relay.notices import BookingData, body_of
from app.relay.outbox import SEEN_FOR
from app.relay.schedule import WAITS
from app.relay.signing import signed_headers
from tests.relay.examples import OTHER_SECRET, SECRET, notice, secret_key
from tests.support.programs import BIN

DOCUMENT = (Path(__file__).parents[2] / "docs" / "relay.md").read_text()

DRIVER = """
import { readFileSync } from "node:fs";
import { verified } from "./receiver.mjs";
const [secret, headers, body] = JSON.parse(readFileSync(0, "utf8"));
try {
  console.log(JSON.stringify(verified(secret, headers, Buffer.from(body, "utf8"))));
} catch (error) {
  console.log(JSON.stringify({ refused: error.message }));
}
"""


def shown(language: str) -> str:
    [code] = re.findall(rf"^```{language}\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    return str(code)


def by_python(_folder: Path, secret: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    space: dict[str, Any] = {}
    exec(shown("python"), space)  # noqa: S102 - it is ours, and there to be run
    try:
        return dict(space["verified"](secret, headers, body))
    except ValueError as error:
        return {"refused": str(error)}


def by_javascript(folder: Path, secret: str, headers: dict[str, str], body: bytes) -> dict[str, Any]:
    (folder / "receiver.mjs").write_text(shown("javascript"))
    (folder / "driver.mjs").write_text(DRIVER)
    told = json.dumps([secret, headers, body.decode()])
    run = subprocess.run(
        [str(BIN / "node"), "driver.mjs"], cwd=folder, input=told, capture_output=True, text=True, check=True
    )
    return dict(json.loads(run.stdout))


RECEIVERS = [pytest.param(by_python, id="python"), pytest.param(by_javascript, id="javascript")]


@pytest.fixture
def body() -> bytes:
    return body_of(notice())


@pytest.mark.parametrize("receiver", RECEIVERS)
@pytest.mark.parametrize("secret", [SECRET, OTHER_SECRET], ids=["old", "new"])
def test_a_receiver_as_shown_takes_what_is_ours(
    tmp_path: Path, body: bytes, receiver: Any, secret: str
) -> None:
    keys = [secret_key(OTHER_SECRET), secret_key(SECRET)]
    headers = signed_headers(keys, notice().id, int(time.time()), body)

    assert receiver(tmp_path, secret, headers, body) == json.loads(body)


@pytest.mark.parametrize("receiver", RECEIVERS)
@pytest.mark.parametrize(
    "forged",
    [
        pytest.param((OTHER_SECRET, 0, "not signed with this secret"), id="of somebody else"),
        pytest.param((SECRET, 310, "too old, or from the future"), id="of long ago"),
        pytest.param((SECRET, -310, "too old, or from the future"), id="of the future"),
    ],
)
def test_a_receiver_as_shown_refuses_what_is_not(
    tmp_path: Path, body: bytes, receiver: Any, forged: tuple[str, int, str]
) -> None:
    key, age, said = forged
    headers = signed_headers([secret_key(key)], notice().id, int(time.time()) - age, body)

    assert receiver(tmp_path, SECRET, headers, body) == {"refused": said}


@pytest.mark.parametrize("receiver", RECEIVERS)
def test_a_receiver_as_shown_refuses_what_was_changed(tmp_path: Path, body: bytes, receiver: Any) -> None:
    headers = signed_headers([secret_key(SECRET)], notice().id, int(time.time()), body)

    refused = receiver(tmp_path, SECRET, headers, body.replace(b"Grace", b"Grave"))

    assert refused == {"refused": "not signed with this secret"}


def test_the_notice_that_is_shown_has_the_fields_of_one() -> None:
    said = json.loads(shown("json"))

    assert said.keys() == json.loads(body_of(notice())).keys()
    assert said["data"].keys() == json.loads(body_of(notice()))["data"].keys()
    assert len(said["data"]) == len(BookingData.__struct_fields__)


def test_the_waits_that_are_named_are_those() -> None:
    named = re.search(r"sent again after (.*?), or a little later", DOCUMENT)
    units = {"s": 1, "min": 60, "h": 3600}

    assert named is not None
    parts = [each.split() for each in re.split(r", | and ", named[1])]
    assert [int(count) * units[unit] for count, unit in parts] == [each.total_seconds() for each in WAITS]
    assert SEEN_FOR.days == 7
