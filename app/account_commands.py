"""`calendly-bff accounts`: which accounts are connected, and what an operator does about them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Annotated

import typer

from app.accounts.connecting import Connecting
from app.accounts.standing import CONNECT_AGAIN, WHY_DEAD
from app.environment import settings_from_environment
from app.errors import AppError, StateAwayError
from app.features.connect.service import ConnectService
from app.intents.options import ProtocolOptions
from app.oauth.grant import Grant
from app.observability import Metrics, configure_logging
from app.opening import opened
from app.resources import Resources, system_clock
from app.settings import ConfigurationError, Settings
from app.store.state import StateStore, StoreAwayError
from app.store_url import EMBEDDED_STORE
from app.webhooks.looks import forget_look
from app.webhooks.subscriptions import PATH
from app.webhooks.turns import TurnTakenError

app = typer.Typer(no_args_is_help=True, help="The accounts that their owners have connected.")

Task = Callable[[Resources, Connecting], Awaitable[bool]]
"""Whether all is well."""


@app.command("list")
def list_accounts() -> None:
    """Show who is connected, with what, and whether it works. Exits with 1 where one does not."""
    _done(_list)


@app.command()
def link() -> None:
    """Make a link by which one account can be connected, once, within an hour."""

    def needs_an_address(settings: Settings) -> None:
        if settings.bff.origin() is None:
            raise ConfigurationError(
                "BFF_PUBLIC_URL is not set: a link needs an address that hosts can open."
            )
        if settings.bff.public_url is None:
            typer.echo("BFF_PUBLIC_URL is not set: the link opens on this machine only.", err=True)

    _done(_link, needs_an_address)


@app.command()
def disconnect(account: Annotated[str, typer.Argument(help="Its id, as `list` shows it.")]) -> None:
    """Have Calendly tell nothing more of an account, give its access back, and erase what is kept of it."""

    async def disconnecting(owned: Resources, connecting: Connecting) -> bool:
        # What the account of CALENDLY_TOKEN wishes is kept under its id, too, and is no matter of a grant.
        await connecting.roster.know_its_own()
        failure = await _unsubscribed(owned, connecting, account)
        was_connected = await connecting.disconnect(account)
        # Only now: until it is closed, whoever looks and finds nothing noted would subscribe to it.
        if was_connected and not connecting.roster.has_its_own(connecting.user_of(account)):
            await forget_look(StateStore(owned.state), account)
        if was_connected:
            if failure:
                typer.echo(
                    f"{account}: Calendly could not be told to deliver no longer ({failure}).", err=True
                )
            typer.echo(f"{account} is disconnected.")
            return True
        typer.echo(
            "No such account is connected. `calendly-bff accounts list` shows those that are.", err=True
        )
        return False

    _done(disconnecting)


@app.command()
def reseal() -> None:
    """After a new first key in BFF_SECRET_KEYS: seal all accounts with it, so that older keys can go."""
    _done(_reseal)


async def _unsubscribed(owned: Resources, connecting: Connecting, account: str) -> str | None:
    """While it can still be called for: afterwards nobody here could have Calendly stop. Why that was not done."""
    for each in owned.webhooks.subscriptions:
        if each.wishes.url.endswith(f"{PATH}/{account}"):
            try:
                await each.remove(leaving=True)
            except AppError as error:
                return f"{error.code}, {each.wishes.url}"
            except TurnTakenError:
                return f"somebody else is at its subscription, {each.wishes.url}"
            return None
    if account in connecting.roster.listing.unreadable:
        return "its grant cannot be read"
    return "CALENDLY_TOKEN serves it" if owned.webhooks.subscriptions else "BFF_PUBLIC_URL is not set"


async def _list(owned: Resources, connecting: Connecting) -> bool:
    await connecting.roster.look()
    listing = connecting.roster.listing
    for grant in listing.grants:
        typer.echo(f"{grant.account}  {await _slug(owned, grant)}  {_told(grant)}")
    for account in listing.unreadable:
        typer.echo(f"{account}  unreadable: none of BFF_SECRET_KEYS opens it. Add the key, or disconnect it.")
    if not listing.grants and not listing.unreadable:
        typer.echo("No account is connected. To connect one: calendly-bff accounts link")
    return not listing.unreadable and all(grant.dead_reason is None for grant in listing.grants)


async def _slug(owned: Resources, grant: Grant) -> str:
    """Whoever's grant is dead is known by what was read before, if that."""
    account = await owned.accounts.of_user(grant.user)
    try:
        return "-" if account is None else (await account.catalogue.account()).slug
    except AppError:
        return "-"


def _told(grant: Grant) -> str:
    since = f"connected {grant.connected_at:%Y-%m-%d %H:%M} UTC"
    scopes = f"scopes: {' '.join(grant.scopes) or 'none'}"
    if grant.dead_reason is not None:
        return f"{since}  dead: {WHY_DEAD[grant.dead_reason]} {CONNECT_AGAIN}  {scopes}"
    return f"{since}  alive, token until {grant.expires_at:%Y-%m-%d %H:%M} UTC  {scopes}"


async def _link(owned: Resources, connecting: Connecting) -> bool:
    made = await ConnectService(connecting, owned.accounts).make_link()
    typer.echo(made.url)
    typer.echo(f"Works once, until {made.expires_at:%Y-%m-%d %H:%M} UTC.", err=True)
    return True


async def _reseal(_: Resources, connecting: Connecting) -> bool:
    count = await connecting.grants.reseal()
    unreadable = (await connecting.grants.list()).unreadable
    typer.echo(f"{count} sealed with the first key of BFF_SECRET_KEYS.")
    for account in unreadable:
        typer.echo(f"{account} is sealed with none of these keys and stays as it is.", err=True)
    return not unreadable


def _done(task: Task, also_needed: Callable[[Settings], None] = lambda _: None) -> None:
    """Exits with 2 where the settings are wrong, with 1 where something else is."""
    try:
        settings = settings_from_environment()
        _require(settings)
        also_needed(settings)
    except ConfigurationError as error:
        typer.echo(f"calendly-bff accounts:\n{error}", err=True)
        raise typer.Exit(2) from None
    configure_logging("error")
    try:
        well = asyncio.run(_carried_out(settings, task))
    except (StoreAwayError, StateAwayError):
        typer.echo("The state store does not answer. Check BFF_STATE_URL: calendly-bff doctor", err=True)
        well = False
    if not well:
        raise typer.Exit(1)


def _require(settings: Settings) -> None:
    if settings.calendly.oauth_client_id is None:
        raise ConfigurationError(
            "CALENDLY_OAUTH_CLIENT_ID is not set: without it no account can be connected."
        )
    if settings.bff.state_url == EMBEDDED_STORE:
        raise ConfigurationError(
            "BFF_STATE_URL names no Redis: what this program would do, the running service would not see."
        )


async def _carried_out(settings: Settings, task: Task) -> bool:
    async with _open(settings) as (owned, connecting):
        return await task(owned, connecting)


@asynccontextmanager
async def _open(settings: Settings) -> AsyncIterator[tuple[Resources, Connecting]]:
    async with opened(settings, Metrics(), system_clock, ProtocolOptions()) as owned:
        if owned.connecting is not None:
            yield owned, owned.connecting
