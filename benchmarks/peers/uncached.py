"""A proxy without a cache: plain FastAPI, one httpx client, every request asks Calendly.

It passes Calendly's answer on as it is. It has CORS; no zones, no retries, no quota,
no ETag and no compression. `POST /bookings` is one such call too: the body is
validated by a model, and what Calendly says is passed on.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta
from typing import Annotated, Any

import httpx
from fastapi import FastAPI, Query, Response
from fastapi.middleware.cors import CORSMiddleware
from pydantic import AwareDatetime, BaseModel, EmailStr

TOKEN = os.environ["BENCH_TOKEN"]


class Invitee(BaseModel):
    name: str
    email: EmailStr
    timezone: str


class Booking(BaseModel):
    event_type: str
    start_time: AwareDatetime
    invitee: Invitee


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with httpx.AsyncClient(
        base_url=os.environ["BENCH_CALENDLY"], headers=headers, timeout=30
    ) as client:
        app.state.client = client
        yield


app = FastAPI(lifespan=_lifespan)
app.add_middleware(CORSMiddleware, allow_origins=[os.environ["BENCH_ORIGIN"]])


@app.get("/api/v1/event-types/{event_type}/availability")
async def availability(
    event_type: str, from_: Annotated[date, Query(alias="from")], to: date
) -> dict[str, Any]:
    params = {
        "event_type": f"{os.environ['BENCH_CALENDLY']}/event_types/{event_type}",
        "start_time": f"{from_}T00:00:00Z",
        "end_time": f"{to + timedelta(days=1)}T00:00:00Z",
    }
    answer = await app.state.client.get("/event_type_available_times", params=params)
    answer.raise_for_status()
    found: dict[str, Any] = answer.json()
    return found


@app.post("/bookings")
async def book(booking: Booking) -> Response:
    answer = await app.state.client.post("/invitees", json=booking.model_dump(mode="json"))
    return Response(answer.content, answer.status_code, media_type="application/json")
