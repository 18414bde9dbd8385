"""Control calls for what Calendly's developer portal and its page of connected applications would do."""

from msgspec import convert, to_builtins

from simulator.control_call import ControlCall, ControlError
from simulator.instants import instant
from simulator.oauth.clients import Client


def post_oauth_client(call: ControlCall) -> object:
    """`name` and `redirectUris` are needed; ids, secret and signing key are made up where they are not given."""
    clients = call.state.grants.clients
    name = f"simulator-client-{len(clients) + 1}"
    secret = {} if call.body.get("kind") == "native" else {"clientSecret": f"{name}-secret"}
    made_up = {"clientId": name, "webhookSigningKey": f"{name}-signing-key", **secret}
    client = convert(made_up | dict(call.body), Client)
    if client.client_id in clients:
        raise ControlError("there is a client with this id", 409)
    clients[client.client_id] = client
    return to_builtins(client)


def patch_oauth_client(call: ControlCall) -> object:
    client = call.state.grants.clients.get(call.path["client_id"])
    if client is None:
        raise ControlError("there is no such client", 404)
    if "clientId" in call.body:
        raise ControlError("clientId cannot be set")
    changed = convert(to_builtins(client) | call.body, Client)
    call.state.grants.clients[changed.client_id] = changed
    return to_builtins(changed)


def get_oauth_grants(call: ControlCall) -> object:
    """Every pair of tokens, oldest first, without the tokens."""
    return {
        "items": [
            {
                "clientId": pair.client,
                "user": call.state.users[pair.user].slug,
                "scope": " ".join(pair.scopes),
                "createdAt": instant(pair.created_at),
                "expiresAt": instant(pair.expires_at),
                "accessEnded": pair.access_ended,
                "refreshEnded": pair.refresh_ended,
            }
            for pair in call.state.grants.pairs()
        ]
    }


def delete_oauth_grants(call: ControlCall) -> None:
    """The user disconnects every application: all tokens end."""
    users = {user.slug: user.uuid for user in call.state.users.values()}
    if call.path["slug"] not in users:
        raise ControlError("there is no such user", 404)
    user = users[call.path["slug"]]
    call.state.grants.end(pair for pair in call.state.grants.pairs() if pair.user == user)
