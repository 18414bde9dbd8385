"""`calendly-simulator`: the simulator alone, on one address."""

from contextlib import suppress
from typing import Annotated

import typer
import uvicorn

from simulator.app import create_simulator
from simulator.oauth.clients import SEED_CLIENTS
from simulator.server import server_config

app = typer.Typer(add_completion=False)


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(envvar="SIMULATOR_PORT", min=1, max=65535)] = 8001,
    control: Annotated[
        bool, typer.Option(envvar="SIMULATOR_CONTROL", help="Offer the control calls under /_simulator.")
    ] = True,
) -> None:
    """Stand in for Calendly until stopped."""
    typer.echo(f"Calendly simulator on http://{host}:{port}")
    typer.echo("Tokens: simulator-token-ada, simulator-token-grace")
    typer.echo(f"OAuth clients: {', '.join(client.client_id for client in SEED_CLIENTS)}")
    config = server_config(create_simulator(control=control), host=host, port=port)
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run()


def main() -> None:
    app()
