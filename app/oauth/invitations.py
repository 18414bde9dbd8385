"""Links that an operator makes and a host follows, and what is pending while the host is at Calendly.

The store has hashes of what is in links, and what is sealed: who reads it can neither connect nor finish anything.
Every method raises `StoreAwayError` when the store does not do its part.
"""

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256

from app.oauth import names, scripts
from app.oauth.pkce import challenge_of, new_verifier
from app.sealing import Sealer
from app.store.state import StateStore

PURPOSE = "pending"
"""That the sealer is to be made for."""

INVITED_FOR = timedelta(hours=1)

PENDING_FOR = timedelta(minutes=10)
"""As long as Calendly's code is good."""

_TOKEN_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A host who is at Calendly. `state` comes back with the answer, `verifier` goes with the code."""

    state: str = field(repr=False)
    verifier: str = field(repr=False)

    @property
    def challenge(self) -> str:
        return challenge_of(self.verifier)


class Invitations:
    """`sealer` is made for `PURPOSE`."""

    def __init__(self, state: StateStore, sealer: Sealer) -> None:
        self._state = state
        self._sealer = sealer

    async def make(self) -> str:
        """A token for one link, good once and for an hour."""
        token = secrets.token_urlsafe(_TOKEN_BYTES)
        await self._state.put(names.invitation(_hashed(token)), b"1", INVITED_FOR)
        return token

    async def is_open(self, token: str) -> bool:
        """Whether it could be begun. Changes nothing: who only looks at a link does not use it up."""
        return await self._state.get(names.invitation(_hashed(token))) is not None

    async def begin(self, token: str) -> Pending | None:
        """Uses the token up. None where it is unknown, used or too old."""
        pending = Pending(state=secrets.token_urlsafe(_TOKEN_BYTES), verifier=new_verifier())
        hashed = _hashed(pending.state)
        sealed = self._sealer.seal(pending.verifier.encode(), hashed.encode())
        begun = await self._state.run(
            scripts.BEGIN_CONNECTING,
            [names.invitation(_hashed(token)), names.pending(hashed)],
            [sealed, int(PENDING_FOR.total_seconds() * 1000)],
        )
        return pending if begun else None

    async def finish(self, state: str) -> Pending | None:
        """What was begun with this state, once. None where nothing was, where it is finished or too old."""
        hashed = _hashed(state)
        sealed = await self._state.run(scripts.TAKE_PENDING, [names.pending(hashed)])
        verifier = None if sealed is None else self._sealer.open(sealed.decode(), hashed.encode())
        return None if verifier is None else Pending(state=state, verifier=verifier.decode())


def _hashed(token: str) -> str:
    """Tokens are random and long: nobody finds one by trying, so that no key is needed."""
    return sha256(token.encode(errors="surrogatepass")).hexdigest()
