"""The demo as a visitor meets it: its processes, and a browser."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.browser.stage import Stage
from tests.support.front_end import both_sides
from tests.support.programs import running_demo


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    with (
        running_demo(folder) as (service, simulator),
        both_sides(service, simulator) as (_, calendly),
    ):
        yield Stage(service, simulator, calendly)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(tmp_path_factory.mktemp("demo")) as stage:
        yield stage


@pytest.fixture
def demo_apart(tmp_path: Path) -> Iterator[Stage]:
    """For one test alone: what Calendly tells this service would stay known to it, and hold the others up."""
    with staged(tmp_path) as stage:
        yield stage


@pytest.fixture
def stage(demo: Stage) -> Stage:
    """With no booking made yet, by an account that may make as many as these tests do."""
    demo.calendly.reset(tier="enterprise")
    return demo
