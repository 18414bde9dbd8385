"""What is true of all routes."""

from collections.abc import Callable, Iterator
from inspect import iscoroutinefunction
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

from app.main import create_app
from app.settings import BffSettings, Settings


def _called(dependant: Dependant) -> Iterator[Callable[..., Any]]:
    for each in dependant.dependencies:
        assert each.call is not None
        yield each.call
        yield from _called(each)


def _is_async(call: Callable[..., Any]) -> bool:
    """A function, or an object such as those of `fastapi.security`."""
    return iscoroutinefunction(call) or iscoroutinefunction(type(call).__call__)


def test_nothing_is_run_in_a_thread() -> None:
    """Where the framework runs whatever is not asynchronous: which costs more than most of it does."""
    app = create_app(Settings(bff=BffSettings(demo_page=True)))
    routes = [each.original_route for each in iter_route_contexts(app.routes)]
    ours = [route for route in routes if isinstance(route, APIRoute) and "app." in route.endpoint.__module__]

    called = {call for route in ours for call in (route.endpoint, *_called(route.dependant))}

    assert len(ours) > 15
    assert len(called) > len(ours)
    assert [call for call in called if not _is_async(call)] == []
