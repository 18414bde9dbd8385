"""`calendly-bff relay`: what waits for your own backend, and what it never took."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Annotated, TypeVar

import typer

from app.environment import settings_from_environment
from app.observability import configure_logging
from app.relay.outbox import Listed, Outbox, Shelf
from app.sealing import Sealer
from app.settings import ConfigurationError, Settings
from app.store.connection import STATE_PATIENCE, open_store
from app.store.state import StateStore, StoreAwayError
from app.store_url import EMBEDDED_STORE

T = TypeVar("T")

SHOWN = 1000
"""Rows of each kind; there may be ten times as many."""

relay_app = typer.Typer(no_args_is_help=True, help="Notices of bookings to your own backend.")


@relay_app.command("list")
def list_notices() -> None:
    """Show what waits and what is dead: id, type, host of the target, attempts, what became of the last one."""
    _run(_list)


@relay_app.command()
def replay(
    id_: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Of a notice, as `list` shows it.")
    ] = None,
    *,
    all_: Annotated[bool, typer.Option("--all", help="Every dead letter.")] = False,
) -> None:
    """Have dead letters sent again, with the ids that they had. Exits with 1 where there is none."""
    if (id_ is None) is not all_:
        typer.echo("Name one notice, or say --all.", err=True)
        raise typer.Exit(2)
    count = _run(lambda outbox: outbox.replay(id_))
    typer.echo(f"{count} to be sent again")
    if not count and not all_:
        raise typer.Exit(1)


async def _list(outbox: Outbox) -> None:
    waiting, dead = await outbox.counts()
    await _show("waiting", waiting, outbox)
    await _show("dead", dead, outbox)


async def _show(shelf: Shelf, count: int, outbox: Outbox) -> None:
    typer.echo(f"{shelf}: {count}")
    for each in await outbox.listed(shelf, SHOWN):
        typer.echo(_row(each))
    if count > SHOWN:
        typer.echo(f"  and {count - SHOWN} later ones")


def _row(listed: Listed) -> str:
    return f"  {listed.id}  {listed.type:<20}  {listed.host}  {listed.attempts}  {listed.outcome}"


def _run(work: Callable[[Outbox], Awaitable[T]]) -> T:
    """On the state store of the settings. Where that cannot be, it is explained."""
    try:
        settings = settings_from_environment()
    except ConfigurationError as error:
        raise _explained(f"calendly-bff cannot start:\n{error}") from None
    if settings.bff.state_url == EMBEDDED_STORE:
        raise _explained(
            "BFF_STATE_URL names no Redis: what an embedded store keeps, only its own process can see."
        )
    configure_logging("error")
    try:
        return asyncio.run(_on_store(settings, work))
    except StoreAwayError:
        raise _explained("The state store does not answer: see BFF_STATE_URL.") from None


async def _on_store(settings: Settings, work: Callable[[Outbox], Awaitable[T]]) -> T:
    async with open_store(settings.bff.state_url, patience=STATE_PATIENCE) as store:
        return await work(Outbox(StateStore(store), Sealer(settings.keys(), "relay")))


def _explained(text: str) -> typer.Exit:
    typer.echo(text, err=True)
    return typer.Exit(2)
