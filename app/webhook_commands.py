"""`calendly-bff webhooks …`: the subscriptions that Calendly delivers for."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated

import typer

from app.accounts.standing import CONNECT_AGAIN
from app.calendly.failures import AccessRefusedError, AddressTakenError, GrantLostError
from app.environment import settings_from_environment
from app.errors import AppError
from app.intents.options import ProtocolOptions
from app.observability import Metrics, configure_logging
from app.opening import opened
from app.resources import Clock, system_clock
from app.settings import ConfigurationError, Settings
from app.webhooks.subscriptions import Registered, Subscription

app = typer.Typer(
    no_args_is_help=True,
    help="Have Calendly tell this service what happens: register, list, remove and mend the subscription.",
)

Act = Callable[[Subscription], Awaitable[Sequence[str]]]
"""What is done for one account, and what there is to say of it."""

_REGISTERED = {
    Registered.UNCHANGED: "registered already, and active",
    Registered.MADE: "registered",
    Registered.REPLACED: "registered anew; what was there is deleted",
}


@app.command()
def register(
    *,
    anew: Annotated[
        bool, typer.Option("--anew", help="Also where there is one: Calendly then signs with the first key.")
    ] = False,
) -> None:
    """Have Calendly deliver to BFF_PUBLIC_URL. May be repeated."""

    async def act(subscription: Subscription) -> Sequence[str]:
        return [f"{subscription.wishes.url}: {_REGISTERED[await subscription.register(anew=anew)]}"]

    _for_each(act, needs_key=True)


@app.command("list")
def list_subscriptions() -> None:
    """Show all subscriptions of the account, those to other addresses too."""

    async def act(subscription: Subscription) -> Sequence[str]:
        found = await subscription.listed()
        lines = [f"{each.callback_url}: {each.state} ({', '.join(each.events)})" for each in found]
        return lines or ["none"]

    _for_each(act)


@app.command()
def remove() -> None:
    """Have Calendly deliver no longer to BFF_PUBLIC_URL."""

    async def act(subscription: Subscription) -> Sequence[str]:
        removed = await subscription.remove()
        return [f"{subscription.wishes.url}: {'removed' if removed else 'there was none'}"]

    _for_each(act)


@app.command()
def mend() -> None:
    """Make a subscription anew that Calendly has given up, or lost; then everything is read again."""

    async def act(subscription: Subscription) -> Sequence[str]:
        mended = await subscription.mend()
        return [f"{subscription.wishes.url}: {'made anew' if mended else 'active, nothing to mend'}"]

    _for_each(act, needs_key=True)


def _for_each(act: Act, *, needs_key: bool = False) -> None:
    """Exits with 2 where settings are missing, with 1 where Calendly does not do as asked for one of the accounts."""
    try:
        settings = _complete(settings_from_environment(), needs_key=needs_key)
    except ConfigurationError as error:
        typer.echo(f"calendly-bff cannot do this:\n{error}", err=True)
        raise typer.Exit(2) from None
    configure_logging("error")
    if not asyncio.run(_acted(settings, act)):
        raise typer.Exit(1)


def _complete(settings: Settings, *, needs_key: bool) -> Settings:
    settings.require_access()
    if settings.bff.public_url is None:
        raise ConfigurationError("BFF_PUBLIC_URL is not set: Calendly has to know where to deliver")
    if needs_key and not settings.calendly.webhook_keys:
        raise ConfigurationError(
            "CALENDLY_WEBHOOK_KEYS is not set: what nobody signs, nobody can believe. openssl rand -hex 32"
        )
    return settings


async def _acted(settings: Settings, act: Act, clock: Clock = system_clock) -> bool:
    """For each account, whatever goes wrong with another. Whether nothing did."""
    async with opened(settings, Metrics(), clock, ProtocolOptions()) as owned:
        return all([await _told(each, act) for each in owned.webhooks.subscriptions])


async def _told(subscription: Subscription, act: Act) -> bool:
    """Says what came of it as soon as that is known. Whether it went well."""
    try:
        lines = await act(subscription)
    except AppError as error:
        typer.echo(f"{subscription.wishes.url}: {_advice(error)}", err=True)
        return False
    typer.echo("\n".join(lines))
    return True


def _advice(error: AppError) -> str:
    match error:
        case AddressTakenError():
            return (
                "Calendly delivers to this address already, for a subscription that this token may not see."
                " Remove it with the token that made it, or choose another address."
            )
        case GrantLostError():
            return f"Calendly takes no token of this account any more. {CONNECT_AGAIN}"
        case AccessRefusedError(required_scopes=needed):
            return f"The token may not do this. It needs the scopes {' '.join(needed)}, and those to read what is told."
    return f"Calendly did not do it ({error.code}). Try again later."
