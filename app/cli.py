"""`calendly-bff`: what an operator types."""

import asyncio
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from app.account_commands import app as accounts
from app.contract import document
from app.demo import demo as run_demo
from app.doctor import Verdict, diagnose
from app.environment import settings_from_environment
from app.main import create_app
from app.observability import configure_logging
from app.relay_commands import relay_app
from app.serving import serve as run_service
from app.settings import ConfigurationError, Settings
from app.webhook_commands import app as webhooks

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="A booking backend between your own booking page and your Calendly account.",
)
app.add_typer(accounts, name="accounts")
app.add_typer(webhooks, name="webhooks")
app.add_typer(relay_app, name="relay")


@contextmanager
def _explained() -> Iterator[None]:
    """What is wrong with the settings, as a message and not as a traceback."""
    try:
        yield
    except ConfigurationError as error:
        typer.echo(f"calendly-bff cannot start:\n{error}", err=True)
        raise typer.Exit(2) from None


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="As BFF_HOST.")] = None,
    port: Annotated[int | None, typer.Option(help="As BFF_PORT.")] = None,
    workers: Annotated[int | None, typer.Option(help="As BFF_WORKERS.")] = None,
) -> None:
    """Serve the account that CALENDLY_TOKEN belongs to, and those that are connected."""
    flags = {"BFF_HOST": host, "BFF_PORT": port, "BFF_WORKERS": workers}
    # By the environment, because worker processes read their settings from there.
    os.environ |= {name: str(value) for name, value in flags.items() if value is not None}
    with _explained():
        run_service(settings_from_environment())


@app.command()
def demo(
    port: Annotated[
        int, typer.Option(envvar="PORT", min=1, max=65535, help="Where the service listens.")
    ] = 8000,
    simulator_port: Annotated[
        int, typer.Option(envvar="SIMULATOR_PORT", min=1, max=65535, help="Where the simulator does.")
    ] = 8001,
) -> None:
    """Try everything on this machine: no Calendly account, no Redis, nothing to set."""
    with _explained():
        run_demo(port, simulator_port)


@app.command()
def doctor() -> None:
    """Check token, scopes, clock, Redis and Calendly, and say what to do. Exits with 1 where something is wrong."""
    with _explained():
        settings = settings_from_environment()
    configure_logging("error")
    if not asyncio.run(_examined(settings)):
        raise typer.Exit(1)


async def _examined(settings: Settings) -> bool:
    healthy = True
    async for finding in diagnose(settings):
        typer.echo(f"{finding.verdict.value:<5} {finding.subject:<24} {finding.text}")
        healthy = healthy and finding.verdict is not Verdict.WRONG
    return healthy


@app.command()
def openapi(
    file: Annotated[Path, typer.Argument(help="Where the document is kept.")] = Path("openapi/bff.json"),
    *,
    check: Annotated[
        bool, typer.Option("--check", help="Write nothing; exit with 1 where it is not current.")
    ] = False,
) -> None:
    """Write the OpenAPI document. Needs no settings."""
    text = document(create_app())
    if not check:
        file.write_text(text)
    elif not file.is_file() or file.read_text() != text:
        typer.echo(f"{file} is not what the service says. Run: make openapi", err=True)
        raise typer.Exit(1)


def main() -> None:
    app()
