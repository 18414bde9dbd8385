"""Holds every answer that a test sees to what the service promises of all its answers."""

import json
import re
from functools import cache
from typing import Any

import httpx

from app.contract import document
from app.main import create_app

PROBLEM = "application/problem+json"


@cache
def _operations() -> list[tuple[str, re.Pattern[str], dict[str, Any]]]:
    paths = json.loads(document(create_app()))["paths"]
    found = [
        (method.upper(), re.compile(re.sub(r"\{[^}]+\}", "[^/]+", path)), path.count("{"), operation)
        for path, item in paths.items()
        for method, operation in item.items()
    ]
    exact_first = sorted(found, key=lambda each: each[2])
    return [(method, pattern, operation) for method, pattern, _, operation in exact_first]


def operation_of(method: str, path: str) -> dict[str, Any] | None:
    """What the API document says about this call; None where it has no such operation."""
    for its_method, pattern, operation in _operations():
        if its_method == method and pattern.fullmatch(path):
            return operation
    return None


def declared_codes(operation: dict[str, Any], status: int) -> set[str]:
    response = operation["responses"].get(str(status), {})
    return set(response.get("content", {}).get(PROBLEM, {}).get("examples", {}))


async def assert_kept(response: httpx.Response) -> None:
    """An id, a word on caching; a failure is a problem, and one that its route declares."""
    await response.aread()
    request = response.request
    assert response.headers["X-Request-Id"]
    if request.method == "OPTIONS":
        return
    assert response.headers.get("Cache-Control"), (
        f"{request.method} {request.url.path} says nothing on caching"
    )
    if response.headers.get("Content-Type", "").startswith("text/html"):
        return  # a page for people says what is wrong in words
    if response.status_code >= 400:
        _assert_problem(response, operation_of(request.method, request.url.path))


def _assert_problem(response: httpx.Response, operation: dict[str, Any] | None) -> None:
    problem = response.json()
    assert response.headers["Content-Type"] == PROBLEM
    assert response.headers["Cache-Control"] == "no-store"
    assert problem["status"] == response.status_code
    assert problem["requestId"] == response.headers["X-Request-Id"]
    assert problem["type"] == f"/problems/{problem['code']}"
    assert problem.get("retryAfter") == _seconds(response.headers.get("Retry-After"))
    if operation is not None:
        assert problem["code"] in declared_codes(operation, response.status_code)


def _seconds(header: str | None) -> int | None:
    return None if header is None else int(header)
