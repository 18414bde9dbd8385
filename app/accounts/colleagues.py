"""Who may read and cancel what was booked of a team: Calendly gives it to one member, and lets no other do so."""

from collections import OrderedDict
from collections.abc import Sequence

import structlog

from app.accounts.account import Account
from app.accounts.accounts import Accounts
from app.calendly.client import CalendlyClient
from app.calendly.failures import AccessRefusedError, OutcomeUnknownError
from app.calendly.hosts import Send, T
from app.calendly.transport import Transport
from app.errors import UpstreamError

REMEMBERED = 10_000
"""Events whose host is another than the account that they were booked through: some 2 MB."""

log = structlog.get_logger()


class Colleagues:
    """Of every account that this process serves. Who was found to be a host is asked first from then on."""

    def __init__(self, accounts: Accounts) -> None:
        self.accounts = accounts
        self._found: OrderedDict[tuple[str, str], str] = OrderedDict()

    def client(self, account: Account, event_type: str) -> CalendlyClient:
        """This account's; an event that is another's is asked of those who publish the same team's event type (its
        id).
        """
        return account.client.with_hosts(_Hosts(self, account, event_type))

    async def of(self, account: Account, event_type: str) -> list[Account]:
        """The others here who publish it for the same team."""
        if self.accounts.only() is account:
            return []
        return [each for each in await self.accounts.sharing(event_type) if each is not account]

    def found(self, event_type: str, event: str) -> Account | None:
        """None where nobody was found, or whoever was has left."""
        access = self._found.get((event_type, event))
        return None if access is None else self.accounts.named(access)

    def remember(self, event_type: str, event: str, host: Account) -> None:
        self._found[event_type, event] = host.access
        if len(self._found) > REMEMBERED:
            self._found.popitem(last=False)


class _Hosts:
    """Those of the events of one event type that were booked through one account."""

    def __init__(self, colleagues: Colleagues, account: Account, event_type: str) -> None:
        self._colleagues = colleagues
        self._account = account
        self._event_type = event_type

    async def ask(self, event: str, send: Send[T]) -> T:
        """Raises what whoever is known to be a host is answered, or else the account itself."""
        known = self._colleagues.found(self._event_type, event) or self._account
        try:
            return await send(known.client.transport)
        except AccessRefusedError as refusal:
            if not refusal.may_be_for_a_host:
                raise
            return await self._ask_others(event, send, known, refusal)

    async def _ask_others(self, event: str, send: Send[T], asked: Account, refusal: AccessRefusedError) -> T:
        """Each once. Where none of them is a host, somebody who did not answer may be: that is for a later try."""
        trouble: UpstreamError = refusal
        for each in await self._colleagues.of(asked, self._event_type):
            try:
                answer = await send(each.client.transport)
            except OutcomeUnknownError:
                raise
            except AccessRefusedError:
                continue
            except UpstreamError as error:
                trouble = error
            else:
                self._colleagues.remember(self._event_type, event, each)
                return answer
        if trouble is refusal:
            log.error("accounts.host_not_connected", event_type=self._event_type)
        raise trouble

    async def others(self) -> Sequence[tuple[Transport, str]]:
        colleagues = await self._colleagues.of(self._account, self._event_type)
        return [(each.client.transport, await each.user()) for each in colleagues]
