"""Decides which event types are shown."""

from app.accounts.accounts import Accounts
from app.features.event_types.mapping import event_type_from, form_from
from app.features.event_types.schemas import EventType, EventTypes, Form


class EventTypeService:
    def __init__(self, *, accounts: Accounts) -> None:
        self._accounts = accounts

    async def list_event_types(self, account: str | None, slug: str | None) -> EventTypes:
        """Raises as `Offers.require`."""
        offers = await self._accounts.offers()
        offers.require(account)
        incomplete = offers.incomplete and account not in offers.read
        shown = (each for each in offers.listed(account) if slug in {None, each.slug})
        return EventTypes(items=[event_type_from(each) for each in shown], incomplete=incomplete)

    async def get_event_type(self, event_type_id: str) -> EventType:
        return event_type_from((await self._accounts.find(event_type_id)).event_type)

    async def get_form(self, event_type_id: str) -> Form:
        published = (await self._accounts.find(event_type_id)).event_type
        namesakes = {each.id for each in self._accounts.known() if each.slug == published.slug}
        return form_from(published, slug=published.slug if len(namesakes) == 1 else None)
