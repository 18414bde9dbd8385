"""An application that users connect to the simulator, as far as a test needs one."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx

from tests.support.simulation import Json, Simulation

VERIFIER = "a-verifier-of-the-tests-that-is-long-enough-for-rfc-7636"
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).decode().rstrip("=")
CALLBACK = "http://127.0.0.1:9/oauth/callback"


@dataclass(frozen=True, kw_only=True)
class Application:
    """By default the seeded web client. Without a secret it is a native one."""

    calendly: Simulation
    client_id: str = "simulator-web-client"
    secret: str | None = "simulator-web-client-secret"

    def request(self, **changes: str | None) -> dict[str, str]:
        """What it asks for; a change to None leaves a parameter out."""
        asked = {
            "client_id": self.client_id,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
            "scope": "users:read event_types:read",
            "state": "a state",
        }
        return {name: value for name, value in (asked | changes).items() if value is not None}

    async def authorize(self, **changes: str | None) -> httpx.Response:
        return await self.calendly.http.get("/oauth/authorize", params=self.request(**changes))

    async def decide(self, decision: str, user: str, **changes: str | None) -> dict[str, str]:
        """What the user's browser brings back."""
        form = self.request(**changes) | {"decision": decision, "user": user}
        return brought_back(await self.calendly.http.post("/oauth/authorize", data=form))

    async def code(self, user: str = "ada", **changes: str | None) -> str:
        return (await self.decide("grant", user, **changes))["code"]

    async def token(self, **form: str | None) -> httpx.Response:
        return await self._post("/oauth/token", form)

    async def exchange(self, code: str, /, **changes: str | None) -> httpx.Response:
        form = {"code": code, "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
        return await self.token(grant_type="authorization_code", **(form | changes))

    async def refresh(self, token: str) -> httpx.Response:
        return await self.token(grant_type="refresh_token", refresh_token=token)

    async def connect(self, user: str = "ada", **changes: str | None) -> Json:
        """The first pair of tokens, with all that comes with it."""
        response = await self.exchange(await self.code(user, **changes))
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def revoke(self, token: str) -> httpx.Response:
        return await self._with_secret_in_form("/oauth/revoke", token)

    async def introspect(self, token: str) -> Json:
        return dict((await self._with_secret_in_form("/oauth/introspect", token)).json())

    async def _post(self, path: str, form: dict[str, str | None]) -> httpx.Response:
        sent = {name: value for name, value in form.items() if value is not None}
        options: dict[str, Any] = {"data": sent}
        if self.secret is None:
            sent.setdefault("client_id", self.client_id)
        else:
            options["auth"] = (self.client_id, self.secret)
        return await self.calendly.http.post(path, **options)

    async def _with_secret_in_form(self, path: str, token: str) -> httpx.Response:
        credentials = {"client_id": self.client_id} | ({"client_secret": self.secret} if self.secret else {})
        return await self.calendly.http.post(path, data=credentials | {"token": token})


def brought_back(response: httpx.Response) -> dict[str, str]:
    """The query of the address that the browser is sent to."""
    assert response.status_code == 302, response.text
    return dict(parse_qsl(urlsplit(response.headers["location"]).query))


def native(calendly: Simulation) -> Application:
    return Application(calendly=calendly, client_id="simulator-native-client", secret=None)
