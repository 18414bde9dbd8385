"""`calendly-bff webhooks …`: the subscriptions that Calendly delivers for."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from functools import partial
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
from app.store.state import StoreAwayError
from app.store_url import EMBEDDED_STORE
from app.webhooks.subscriptions import Registered, Subscription
from app.webhooks.turns import TurnTakenError

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

_NOT_OUR_TURN = (
    "Somebody else is at this subscription, the running service or another command, and has not come to an end."
    " Nothing was done here. Try again in three minutes: calendly-bff webhooks list shows what is there by then."
)


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
    """Show all subscriptions of each account, those to other addresses too."""

    async def act(subscription: Subscription) -> Sequence[str]:
        slug = (await subscription.subscriber()).slug
        found = await subscription.listed()
        lines = [f"{each.callback_url}: {each.state} ({', '.join(each.events)})" for each in found]
        return [f"{slug}: {each}" for each in lines or ["none"]]

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


@app.command()
def replay() -> None:
    """Have deliveries that failed ten times, and were set aside, carried out after all."""
    _done(_complete_to_replay, _replayed)


def _for_each(act: Act, *, needs_key: bool = False) -> None:
    _done(partial(_complete, needs_key=needs_key), partial(_acted, act=act))


def _done(
    complete: Callable[[Settings], None], work: Callable[[Settings], Coroutine[None, None, bool]]
) -> None:
    """Exits with 2 where settings are missing, with 1 where a neighbour does not do as asked, be it for one account."""
    try:
        settings = settings_from_environment()
        complete(settings)
    except ConfigurationError as error:
        typer.echo(f"calendly-bff cannot do this:\n{error}", err=True)
        raise typer.Exit(2) from None
    configure_logging("error")
    try:
        is_done = asyncio.run(work(settings))
    except AppError as error:
        typer.echo(_advice(error), err=True)
        raise typer.Exit(1) from None
    except StoreAwayError:
        typer.echo("The state store does not answer. Check BFF_STATE_URL: calendly-bff doctor", err=True)
        raise typer.Exit(1) from None
    if not is_done:
        raise typer.Exit(1)


def _complete(settings: Settings, *, needs_key: bool) -> None:
    settings.require_access()
    if settings.bff.public_url is None:
        raise ConfigurationError("BFF_PUBLIC_URL is not set: Calendly has to know where to deliver")
    if needs_key and not settings.calendly.webhook_keys:
        raise ConfigurationError(
            "CALENDLY_WEBHOOK_KEYS is not set: what nobody signs, nobody can believe. openssl rand -hex 32"
        )


def _complete_to_replay(settings: Settings) -> None:
    settings.require_access()
    if settings.bff.state_url == EMBEDDED_STORE:
        raise ConfigurationError(
            "BFF_STATE_URL names no Redis: what an embedded store keeps, only its own process can see."
        )


async def _replayed(settings: Settings) -> bool:
    async with opened(settings, Metrics(), system_clock, ProtocolOptions()) as owned:
        typer.echo(f"{await owned.webhooks.replay()} to be carried out again")
    return True


async def _acted(settings: Settings, act: Act, clock: Clock = system_clock) -> bool:
    """For each account, whatever goes wrong with another. Whether nothing did."""
    async with opened(settings, Metrics(), clock, ProtocolOptions()) as owned:
        return all([await told(each, act) for each in owned.webhooks.subscriptions])


async def told(subscription: Subscription, act: Act) -> bool:
    """Says what came of it as soon as that is known. Whether it went well. Raises `StoreAwayError`."""
    try:
        lines = await act(subscription)
    except TurnTakenError:
        typer.echo(f"{subscription.wishes.url}: {_NOT_OUR_TURN}", err=True)
        return False
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
