"""Is it alive, can it serve, what has it done: for operators and their machines."""

from typing import Literal

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from pydantic import Field

from app.concurrency import together
from app.resources import Owned
from app.shapes import Shape
from app.store.connection import is_reachable

router = APIRouter(tags=["Operation"])


class Alive(Shape):
    status: Literal["alive"] = "alive"


class Readiness(Shape):
    """`degraded`: free times are still served, but not as quickly, or bookings are closed."""

    status: Literal["ready", "degraded"]
    cache: Literal["ok", "away"] = Field(description="Away: every read asks Calendly.")
    state: Literal["ok", "away"] = Field(description="Away: bookings are closed.")


@router.head("/livez", include_in_schema=False)
@router.get("/livez", summary="Is the process alive?")
async def get_liveness(response: Response) -> Alive:
    """Answers as long as the process does; asks nobody else."""
    response.headers["Cache-Control"] = "no-store"
    return Alive()


@router.head("/readyz", include_in_schema=False)
@router.get("/readyz", summary="Can it serve?")
async def get_readiness(owned: Owned, response: Response) -> Readiness:
    """200 while requests can be answered. A store that is away degrades the service and does not stop it."""
    response.headers["Cache-Control"] = "no-store"
    cache, state = await together(is_reachable(owned.cache), is_reachable(owned.state))
    return Readiness(
        status="ready" if cache and state else "degraded",
        cache="ok" if cache else "away",
        state="ok" if state else "away",
    )


@router.get(
    "/metrics",
    summary="Figures for Prometheus",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
)
async def get_metrics(owned: Owned) -> Response:
    """In Prometheus' text format. Nothing personal is in it."""
    return Response(
        generate_latest(owned.metrics.registry),
        media_type=CONTENT_TYPE_LATEST,
        headers={"Cache-Control": "no-store"},
    )
