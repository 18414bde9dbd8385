"""The demo page as a visitor meets it: the processes behind it, and a browser."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.stage import Stage, staged
from tests.support.front_end import both_sides
from tests.support.programs import running_demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """Told that the account is a large one: together, these tests book more than another may in a minute."""
    with staged(tmp_path_factory.mktemp("demo"), CALENDLY_TIER="enterprise") as stage:
        yield stage


@pytest.fixture
def demo_apart(tmp_path: Path) -> Iterator[Stage]:
    """For one test alone, and as `make demo` starts it: what Calendly tells this service would stay known to it."""
    with (
        running_demo(tmp_path) as (service, simulator),
        both_sides(service, simulator) as (_, calendly),
    ):
        yield Stage(service, simulator, calendly)


@pytest.fixture
def stage(demo: Stage) -> Stage:
    """With no booking made yet, by an account that may make as many as these tests do."""
    demo.calendly.reset(tier="enterprise")
    return demo
