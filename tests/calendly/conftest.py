from collections.abc import AsyncIterator

import pytest
import respx

from app.calendly.client import CalendlyClient
from tests.calendly import rig


@pytest.fixture
def calendly() -> respx.Router:
    """What Calendly answers; a request that no route expects fails the test."""
    return respx.Router(base_url=rig.ORIGIN, assert_all_called=False)


@pytest.fixture
async def client(calendly: respx.Router) -> AsyncIterator[CalendlyClient]:
    client = rig.client_on(calendly)
    yield client
    await client.aclose()
