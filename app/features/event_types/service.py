"""Decides which event types are shown."""

from app.catalogue.catalogue import Catalogue
from app.features.event_types.mapping import event_type_from, form_from
from app.features.event_types.schemas import EventType, EventTypes, Form


class EventTypeService:
    def __init__(self, *, catalogue: Catalogue) -> None:
        self._catalogue = catalogue

    async def list_event_types(self, account: str | None, slug: str | None) -> EventTypes:
        published = (await self._catalogue.offer()).event_types
        shown = (each for each in published if account in {None, each.account} and slug in {None, each.slug})
        return EventTypes(items=[event_type_from(each) for each in shown])

    async def get_event_type(self, event_type_id: str) -> EventType:
        return event_type_from(await self._catalogue.find(event_type_id))

    async def get_form(self, event_type_id: str) -> Form:
        published = await self._catalogue.find(event_type_id)
        namesakes = [each for each in self._catalogue.known() if each.slug == published.slug]
        return form_from(published, slug=published.slug if len(namesakes) == 1 else None)
