"""Readings that are under way, and whoever minds them."""

import pytest

from app.slots.loads import Loads
from tests.slots.readings import Readings


@pytest.fixture
def loads() -> Loads:
    return Loads()


@pytest.fixture
def readings() -> Readings:
    return Readings()
