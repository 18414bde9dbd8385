"""The page on which a user grants or refuses. There is no password: whoever sees it chooses a user."""

from collections.abc import Mapping

from simulator.html import button, choice, form, hidden, page, paragraph
from simulator.oauth.authorization import PARAMETERS, AuthorizationRequest
from simulator.state import State


def consent_page(state: State, request: AuthorizationRequest, fields: Mapping[str, str]) -> str:
    """A form with `user` (a slug) and `decision` (`grant` or `refuse`), and what was asked for beside them."""
    asked = ", ".join(request.scopes) or "nothing that has a scope"
    users = [(user.slug, user.name) for user in state.users.values()]
    return page(
        f"Connect {request.client.name}",
        paragraph(f"{request.client.name} would like to use: {asked}."),
        form(
            hidden({name: fields[name] for name in PARAMETERS if name in fields}),
            choice("user", "You are", users, chosen=state.settings.oauth_user),
            button("Allow access", name="decision", value="grant"),
            button("Refuse", name="decision", value="refuse"),
            action="/oauth/authorize",
        ),
    )
