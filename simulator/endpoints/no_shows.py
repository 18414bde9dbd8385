"""Marking invitees who did not come, and taking it back (section 6.5 of the reference)."""

from typing import Any

from msgspec.structs import replace

from simulator.call import Call
from simulator.errors import (
    NO_PERMISSION_FOR_RESOURCE,
    Detail,
    invalid,
    invalid_parameter,
    not_found,
    strictly_unknown,
)
from simulator.instants import instant
from simulator.model import Invitee, NoShow
from simulator.webhooks.announcements import announce_invitee

ALREADY = "is already marked as a no-show"


def create_no_show(call: Call) -> dict[str, Any]:
    """`{"invitee": URI}`. Raises where that invitee is marked already."""
    body = call.json_object()
    unknown = sorted(set(body) - {"invitee"})
    if unknown and call.state.settings.strict:
        raise strictly_unknown(unknown)
    invitee = _invitee_at(call, body.get("invitee"))
    if invitee.no_show:
        status = call.state.settings.assumptions.second_no_show_status
        raise invalid(Detail(ALREADY, "invitee"), status=status)
    no_show = NoShow(uuid=call.state.fresh_id("no-show"), created_at=call.now)
    marked = replace(invitee, no_show=no_show, updated_at=call.now)
    call.state.put_invitee(marked)
    announce_invitee(call.state, "invitee_no_show.created", marked)
    return _resource(call, marked, no_show)


def get_no_show(call: Call) -> dict[str, Any]:
    invitee, no_show = _marked(call)
    return _resource(call, invitee, no_show)


def delete_no_show(call: Call) -> None:
    invitee, _ = _marked(call)
    unmarked = replace(invitee, no_show=None, updated_at=call.now)
    call.state.put_invitee(unmarked)
    announce_invitee(call.state, "invitee_no_show.deleted", unmarked)


def _resource(call: Call, invitee: Invitee, no_show: NoShow) -> dict[str, Any]:
    return {
        "resource": {
            "uri": call.links.no_show(no_show.uuid),
            "invitee": call.links.invitee(invitee),
            "created_at": instant(no_show.created_at),
        }
    }


def _invitee_at(call: Call, uri: object) -> Invitee:
    if not isinstance(uri, str):
        raise invalid_parameter("invitee", "is missing" if uri is None else "must be a string")
    event_uri, _, uuid = uri.rpartition("/invitees/")
    event_uuid = call.id_in("invitee", event_uri, "scheduled_events")
    invitee = call.state.invitees.get(uuid)
    if invitee is None or invitee.event != event_uuid:
        raise not_found()
    call.visible_event(event_uuid, NO_PERMISSION_FOR_RESOURCE)
    return invitee


def _marked(call: Call) -> tuple[Invitee, NoShow]:
    for invitee in call.state.invitees.values():
        if invitee.no_show and invitee.no_show.uuid == call.path["uuid"]:
            call.visible_event(invitee.event, NO_PERMISSION_FOR_RESOURCE)
            return invitee, invitee.no_show
    raise not_found()
