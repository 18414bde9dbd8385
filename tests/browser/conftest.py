"""The demo as a visitor meets it: its processes, and a browser."""

from collections.abc import Iterator

import pytest

from tests.browser.stage import Stage
from tests.support.front_end import both_sides
from tests.support.programs import running_demo


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with (
        running_demo(tmp_path_factory.mktemp("demo")) as (service, simulator),
        both_sides(service, simulator) as (_, calendly),
    ):
        yield Stage(service, simulator, calendly)


@pytest.fixture
def stage(demo: Stage) -> Stage:
    """With no booking made yet, by an account that may make as many as these tests do."""
    demo.calendly.reset(tier="enterprise")
    return demo
