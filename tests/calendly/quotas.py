"""Quotas for tests: one that writes everything down, and others that do as little good as they can."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from app.calendly.quota import Purpose, Standing
from app.errors import AppError


async def nothing() -> None:
    pass


class Ledger:
    """Admits everything, until told to refuse, and remembers what it was asked and told."""

    def __init__(
        self,
        *,
        refusal: AppError | None = None,
        admitting: Callable[[], Coroutine[Any, Any, None]] = nothing,
        hearing: Callable[[], Coroutine[Any, Any, None]] = nothing,
    ) -> None:
        self.refusal = refusal
        self.admitted: list[tuple[Purpose, str]] = []
        self.returned: list[tuple[Purpose, str]] = []
        self.observed: list[tuple[Purpose, Standing]] = []
        self._admitting = admitting
        self._hearing = hearing

    async def admit(self, purpose: Purpose) -> str:
        await self._admitting()
        if self.refusal:
            raise self.refusal
        permit = f"permit-{len(self.admitted) + 1}"
        self.admitted.append((purpose, permit))
        return permit

    async def give_back(self, purpose: Purpose, permit: str) -> None:
        await self._hearing()
        self.returned.append((purpose, permit))

    async def observe(self, purpose: Purpose, standing: Standing) -> None:
        await self._hearing()
        self.observed.append((purpose, standing))


async def hang() -> None:
    await asyncio.sleep(3600)
