"""Who a token stands for, and what it may do."""

from dataclasses import dataclass

from simulator.errors import insufficient_scope
from simulator.oauth.grants import ALL_SCOPES
from simulator.state import State


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """`scopes` is null where everything is allowed; `client` where the token is a personal one."""

    user: str
    scopes: frozenset[str] | None = None
    client: str | None = None

    def require(self, scope: str) -> None:
        """Raises 403 without it. To write includes to read."""
        if self.scopes is not None and not {scope, scope.replace(":read", ":write")} & self.scopes:
            raise insufficient_scope(scope)


def access_by(state: State, token: str) -> Access | None:
    """Null for a token that nobody knows, and for one that is over."""
    if token in state.tokens:
        scopes = state.settings.scopes.get(token)
        return Access(user=state.tokens[token], scopes=None if scopes is None else frozenset(scopes))
    pair = state.grants.valid(token, state.now())
    if pair is None:
        return None
    everything = ALL_SCOPES in pair.scopes
    return Access(user=pair.user, scopes=None if everything else frozenset(pair.scopes), client=pair.client)
