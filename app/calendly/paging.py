"""Following next pages: on our origin, on the same path, and not for ever."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import TypeVar

from app.calendly.addresses import own_url
from app.calendly.call import Call
from app.calendly.reports import report_dropped
from app.calendly.transport import Transport
from app.calendly.wire import Listing, Page, decode_page
from app.errors import UpstreamFailedError

T = TypeVar("T")

MOST_PAGES = 20
"""Of up to 100 items each: more than any account has, and an end for a list that has none."""


async def read_list(transport: Transport, call: Call[Page[T]], *, complete: bool = False) -> list[T]:
    """All items of all pages, within the deadline of one read. What cannot be read is left out, unless the
    list is to be `complete`: then an item that is not there must not be one that we could not read.

    Raises `UpstreamFailedError` for that, and when the pages lead elsewhere, in a circle or nowhere: half a list is
    not an answer.
    """
    deadline = transport.read_deadline()
    items: list[T] = []
    seen: set[str] = set()
    while True:
        page = await transport.read(call, deadline)
        items += page.items
        if page.dropped:
            report_dropped(call.operation, page.dropped)
        if page.dropped and complete:
            raise UpstreamFailedError(detail="Calendly's list has an item that cannot be read.")
        if page.next_page is None:
            return items
        if page.next_page in seen or len(seen) + 1 >= MOST_PAGES:
            raise UpstreamFailedError(detail="Calendly's list has no end.")
        seen.add(page.next_page)
        call = replace(call, params=_next_params(transport, call, page.next_page))


def list_call(operation: str, path: str, params: Mapping[str, str], listing: Listing[T]) -> Call[Page[T]]:
    return Call(operation=operation, path=path, params=params, decode=partial(decode_page, listing=listing))


def _next_params(transport: Transport, call: Call[Page[T]], next_page: str) -> Mapping[str, str]:
    url = own_url(transport.origin, next_page)
    if url.path != call.path:
        raise UpstreamFailedError(detail="Calendly's next page belongs to another list.")
    return dict(url.params)
