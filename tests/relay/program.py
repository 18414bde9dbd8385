"""The relay alone, as a process that can be killed: its arguments are the state store, the target and the lease."""

import asyncio
import sys
from datetime import timedelta

from app.relay.outbox import Outbox
from app.relay.sender import Sender, SenderOptions
from app.relay.targets import Target
from app.relay.worker import Relay, RelayOptions
from app.sealing import Sealer
from app.store.connection import STATE_PATIENCE, open_store
from app.store.state import StateStore
from tests.relay.examples import KEY, secret_key


async def main(state_url: str, target_url: str, lease: str) -> None:
    options = RelayOptions(poll=timedelta(milliseconds=50), lease=timedelta(seconds=float(lease)))
    async with open_store(state_url, patience=STATE_PATIENCE) as store:
        outbox = Outbox(StateStore(store), Sealer((KEY,), "relay"))
        sender = Sender([secret_key()], SenderOptions(private=True))
        relay = Relay(outbox, sender, [Target.of(target_url)], lambda *_: None, options)
        await relay.run()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
