"""Who looks into hints tells what is known best by then."""

import asyncio
from dataclasses import replace
from datetime import timedelta

from app.background import running
from app.relay.hints import Hint, Hints
from app.relay.notices import Notice
from app.relay.teller import Teller
from tests.relay.examples import data, notice
from tests.soak.waiting import until

SURE = Hint(notice().id, notice().account_id, "{}", certain=True)
POLL = timedelta(milliseconds=20)


async def test_what_becomes_certain_while_it_is_looked_into_is_told_as_such(hints: Hints) -> None:
    put: list[Notice] = []

    async def compose(hint: Hint) -> Notice:
        if hint.certain:
            return notice()
        await hints.expect(SURE)
        return notice(data=data(booking_id=None))

    async def take(each: Notice) -> bool:
        put.append(each)
        await hints.forget(SURE)
        return True

    async def accounts() -> list[str]:
        return [SURE.account]

    async def is_told() -> bool:
        return bool(put)

    await hints.expect(replace(SURE, certain=False))
    async with running(Teller(hints, compose, take, accounts, POLL).run()), asyncio.timeout(10):
        await until(is_told, every=0.01)

    assert [each.data.booking_id for each in put] == ["bk_1"]
