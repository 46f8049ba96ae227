"""Claim, do, settle: work that needs the network between two transactions."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession

from notechondria_shared.db.engine import Database

Claim = TypeVar("Claim")
Outcome = TypeVar("Outcome")


async def claim_do_settle(
    database: Database,
    *,
    claim: Callable[[AsyncSession], Awaitable[Claim]],
    do: Callable[[Claim], Awaitable[Outcome]],
    settle: Callable[[AsyncSession, Claim, Outcome], Awaitable[None]],
    release: Callable[[AsyncSession, Claim], Awaitable[None]],
) -> Outcome:
    """Run `do` between two short transactions, holding no lock while it waits for the network.

    `claim` marks the row so that nobody else does the same work, until a time after which the mark counts no more:
    the process may end in between. `settle` writes down what was done. When `do` fails, `release` takes the mark back
    and the error goes on.
    """
    async with database.transaction() as db:
        claimed = await claim(db)
    try:
        outcome = await do(claimed)
    except BaseException:
        async with database.transaction() as db:
            await release(db, claimed)
        raise
    async with database.transaction() as db:
        await settle(db, claimed, outcome)
    return outcome
