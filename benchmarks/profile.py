"""`make profile`: where the time of a hit and of the slow path goes, as flame graphs.

py-spy looks at the running service from outside, so that what is drawn is what runs in
production. It may have to be root for that.
"""

import re
import signal
import subprocess
import tempfile
from itertools import product
from pathlib import Path
from typing import Annotated

import typer

from benchmarks.asking import checked_answers
from benchmarks.browser import get
from benchmarks.keys import ZONES, Question, questions, zipf
from benchmarks.load import Manner, Requests, drive
from benchmarks.scenes.slow_path import filled_weeks
from benchmarks.stage import Server, Stage, first_date, staged
from tests.support.programs import BIN

SECONDS = 15.0
RATE = 100
"""Looks in a second. Each stops the service for a moment: more of them would change what is looked at."""

KINDS = ("intro", "consultation", "interview", "review")
KEYS = 1000
MANY = 400_000
"""Requests that no service answers within the time."""


def main(
    folder: Annotated[Path, typer.Option(help="Where to put the pictures.")] = Path("docs/images"),
) -> None:
    """Draw `profile-hit.svg` and `profile-slow-path.svg`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, draw in {"hit": _draw_hit, "slow-path": _draw_slow_path}.items():
        with tempfile.TemporaryDirectory(prefix="profile-") as place, staged(Path(place)) as stage:
            draw(stage, folder / f"profile-{name}.svg")


def _draw_hit(stage: Stage, picture: Path) -> None:
    """The same answers again and again."""
    stage.furnish(*KINDS)
    asked = questions(KEYS, KINDS, first_date())
    with stage.service() as server:
        checked_answers(server, asked)
        _draw(server, picture, "A hit", asked, zipf(KEYS, MANY, seed=1))


def _draw_slow_path(stage: Stage, picture: Path) -> None:
    """Each question once, to a process that has just started: Redis knows the days, and nobody the answer."""
    # Not the first: in zones ahead of Calendly's it begins on a day that was not read.
    weeks = [week for week in filled_weeks(stage)[0] if week.first > first_date()]
    asked = [Question(week.event_type, week.first, zone) for zone, week in product(ZONES, weeks)]
    with stage.service() as server:
        _draw(server, picture, "In Redis, not in memory", asked, list(range(len(asked))))


def _draw(server: Server, picture: Path, title: str, asked: list[Question], order: list[int]) -> None:
    command = [str(BIN / "py-spy"), "record", "--pid", str(server.pid), "--rate", str(RATE)]
    options = ["--format", "flamegraph", "--output", str(picture)]
    with subprocess.Popen([*command, *options], stdout=subprocess.DEVNULL) as spy:
        requests = Requests([get(question.path) for question in asked])
        outcome = drive([server.port], requests, order, Manner(patience=SECONDS))
        spy.send_signal(signal.SIGINT)
    picture.write_text(_titled(picture.read_text(), f"{title}: {outcome.answered:,} answers"))


def _titled(drawn: str, title: str) -> str:
    """The tool's own title is its command line, which says where things lie on this machine."""
    return re.sub(r'(<text id="title"[^>]*>)[^<]*', lambda found: found[1] + title, drawn)


if __name__ == "__main__":
    typer.run(main)
