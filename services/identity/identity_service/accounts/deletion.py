"""What confirms the deletion of an account that has no password (decision 51)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import exists, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.codes import service as codes
from identity_service.models import Session, SocialAccount, User
from notechondria_shared.core.errors import BadRequest
from notechondria_shared.core.timestamps import now

FRESH = timedelta(minutes=5)
"""Age of a provider's sign-in that counts as being there now."""
LINK_AGE = timedelta(days=7)
"""Whoever holds a stolen session could link a provider of their own and sign in with it: the owner has so long to see
it. A link that came with the account is not asked for its age."""
STEP = "Account kept: Backend.Creators.Auth/account.delete — "
BAD_CODE = f"{STEP}the code is wrong, expired or already used."
UNCONFIRMED = (
    f"{STEP}sign in with your provider once more and delete within 5 minutes, or send the mailed identity_code."
)


async def confirm(db: AsyncSession, user: User, session_id: int | None, code: str, failures_per_day: int) -> None:
    """Pass, or refuse with `detail`; a wrong code is counted although the request fails."""
    if code:
        # A claimed address is nobody's proof: its codes would go to whoever holds the session.
        if not user.verified_email or not await codes.consume(
            db, codes.IDENTITY, str(user.id), code, failures_per_day=failures_per_day
        ):
            raise BadRequest(BAD_CODE, commit_on_error=True)
        return
    came_with_account = SocialAccount.created_at < user.date_joined + timedelta(minutes=1)
    fresh = exists().where(
        Session.id == session_id,
        Session.user_id == user.id,
        Session.created_at > now() - FRESH,
        SocialAccount.user_id == user.id,
        SocialAccount.provider == Session.provider,
        or_(came_with_account, SocialAccount.created_at < now() - LINK_AGE),
    )
    if not await db.scalar(select(fresh)):
        raise BadRequest(UNCONFIRMED)
