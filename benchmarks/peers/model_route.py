"""What many would write first: a FastAPI route with typed parameters, and a pydantic model read from Redis.

It parses and checks the path and the query, reads JSON by one GET, validates it,
and returns the model. It has CORS, by the framework's middleware. It has no ETag, no
compression, no request id, no metrics and no log, and fills nothing by itself.
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from fastapi import FastAPI, HTTPException, Query
from fastapi.middleware.cors import CORSMiddleware
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from redis.asyncio import Redis

from benchmarks.peers.shared import plain_key


class _Shape(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)


class Slot(_Shape):
    start: str
    spots_left: int


class Day(_Shape):
    date: date
    slots: list[Slot]


class Availability(_Shape):
    event_type_id: str
    time_zone: str
    from_: date = Field(alias="from")
    to: date
    duration_minutes: int
    as_of: datetime
    state: str
    days: list[Day]


def _known(name: str) -> str:
    ZoneInfo(name)
    return name


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    async with Redis.from_url(os.environ["BENCH_REDIS_URL"]) as redis:
        app.state.redis = redis
        yield


app = FastAPI(lifespan=_lifespan)
app.add_middleware(CORSMiddleware, allow_origins=[os.environ["BENCH_ORIGIN"]])


@app.get("/api/v1/event-types/{event_type}/availability")
async def availability(
    event_type: str,
    from_: Annotated[date, Query(alias="from")],
    to: date,
    time_zone: Annotated[str, Query(alias="timeZone"), AfterValidator(_known)],
) -> Availability:
    found = await app.state.redis.get(plain_key(event_type, from_, to, time_zone))
    if found is None:
        raise HTTPException(404)
    return Availability.model_validate_json(found)
