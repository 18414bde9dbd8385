"""A fresh simulator for every test, at seven on a Monday morning in Berlin."""

from collections.abc import AsyncIterator

import pytest

from tests.support.simulation import Simulation, simulation


@pytest.fixture
async def calendly() -> AsyncIterator[Simulation]:
    async with simulation() as running:
        yield running
