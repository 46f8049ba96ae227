"""What an address is worth: proved ones have power, claimed ones are only shown (decision 43).

An address is proved by a code that was mailed to it, or by a provider that verified it. Until then it signs nobody in,
links to no provider, gets no code and is in nobody's way.
"""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.codes import service as codes
from identity_service.models import PENDING, User
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import Database
from notechondria_shared.db.batches import BATCH, in_batches

CLAIMS_KEPT = timedelta(days=7)


async def by_address(db: AsyncSession, email: str) -> User | None:
    """The account that proved this address, ignoring case."""
    if not email:
        return None
    user: User | None = await db.scalar(select(User).where(User.verified_email == email.lower()))
    return user


async def claim(db: AsyncSession, user: User, email: str) -> None:
    """Show an address that nobody proved; the proved one keeps its power. Open codes of the account are void."""
    user.email = email
    user.email_claimed_at = None if email == user.verified_email else now()
    await codes.void_all(db, user.id)


async def prove(db: AsyncSession, user: User, email: str) -> None:
    """The owner reads mail to this address: it is the account's, and nobody else's claim from now on.

    The caller flushes: the database refuses an address that another account proved meanwhile. Open codes of the account
    and registrations of the address are void.
    """
    email = email.lower()
    user.email = user.verified_email = email
    user.email_claimed_at = None
    await codes.void_all(db, user.id)
    await codes.void(db, codes.REGISTER, email)
    # Two accounts may prove what the other one claims, at the same time: who is locked is left out instead of waited
    # for, and its claim, which has no power, lapses.
    others = select(User.id).where(
        func.lower(User.email) == email, User.verified_email != email, User.id != user.id, User.status != PENDING
    )
    free_ones = (await db.scalars(others.with_for_update(skip_locked=True))).all()
    if free_ones:
        await db.execute(
            update(User)
            .where(User.id.in_(free_ones))
            .values(email=User.verified_email, email_claimed_at=None)
            .execution_options(synchronize_session=False)
        )


async def end_old_claims(database: Database) -> int:
    """Show the proved address again where another one was not proved in seven days; how many accounts."""
    old = select(User.id).where(User.email_claimed_at < now() - CLAIMS_KEPT).limit(BATCH)
    lapse = (
        update(User)
        .where(User.id.in_(old.with_for_update(skip_locked=True)))
        .values(email=User.verified_email, email_claimed_at=None)
        .returning(User.id)
        .execution_options(synchronize_session=False)
    )

    async def some() -> int:
        async with database.transaction() as db:
            return len((await db.execute(lapse)).all())

    return await in_batches(some, BATCH)
