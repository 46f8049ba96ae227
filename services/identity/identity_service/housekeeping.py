"""Ends what is old: claims of addresses, idle rate limit buckets; codes, sessions and keys that ended long ago;
programs that nobody uses; what staff did."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import and_, or_

from identity_service.account_models import AppCode, AppPassword, SecurityEvent, Ticket
from identity_service.addresses.service import end_old_claims
from identity_service.authorization_models import (
    ACCESS,
    IDLE_PROGRAM,
    STAFF,
    OAuthClient,
    OAuthCode,
    OAuthGrant,
    OAuthToken,
)
from identity_service.models import RATE_BUCKETS, ApiKey, Code, Session, StaffAction
from notechondria_shared.core.background import Periodic
from notechondria_shared.core.timestamps import now
from notechondria_shared.db import Database
from notechondria_shared.db.batches import delete_in_batches
from notechondria_shared.web.rate_limit import delete_idle

EVERY_SECONDS = 3600.0
KEPT = timedelta(days=90)
"""How long ended sessions and keys stay, for whoever asks what happened; no session lives longer than three days."""
CODES_KEPT = timedelta(days=7)
STAFF_ACTIONS_KEPT = timedelta(days=400)
"""More than a year, so that what is looked at once a year is still there."""
SECURITY_LOG_KEPT = timedelta(days=180)
UNUSED_PROGRAM = timedelta(hours=48)
"""After which a program that never got a token is gone; it registers again (RFC 7591)."""
LATE = timedelta(days=1)


class Housekeeper(Periodic):
    """Runs at the start and then every hour; several replicas may do so side by side."""

    task_name = "housekeeping"

    def __init__(self, database: Database) -> None:
        super().__init__(EVERY_SECONDS)
        self._database = database

    async def _round(self) -> None:
        ended = now() - KEPT
        await end_old_claims(self._database)
        await delete_idle(self._database, RATE_BUCKETS)
        await delete_in_batches(self._database, Code, Code.expires_at < now() - CODES_KEPT)
        await delete_in_batches(self._database, Session, or_(Session.revoked_at < ended, Session.created_at < ended))
        await delete_in_batches(self._database, ApiKey, ApiKey.revoked_at < ended)
        await delete_old_programs(self._database)
        await delete_old_protection(self._database)
        await delete_in_batches(self._database, StaffAction, StaffAction.begun_at < now() - STAFF_ACTIONS_KEPT)


async def delete_old_protection(database: Database) -> None:
    """Delete what was begun on the site and not ended, codes for apps, old app passwords and security events."""
    at = now()
    await delete_in_batches(database, Ticket, Ticket.expires_at < at)
    await delete_in_batches(database, AppCode, AppCode.expires_at < at)
    await delete_in_batches(database, AppPassword, AppPassword.revoked_at < at - KEPT)
    await delete_in_batches(database, SecurityEvent, SecurityEvent.at < at - SECURITY_LOG_KEPT)


async def delete_old_programs(database: Database) -> None:
    """Delete programs never used for two days or not for thirty, codes and tokens that are over, and old grants.

    A refresh token stays as long as its grant: it may come again. Programs that staff made stay.
    """
    at = now()
    unused = and_(OAuthClient.last_used_at.is_(None), OAuthClient.created_at < at - UNUSED_PROGRAM)
    idle = OAuthClient.last_used_at < at - IDLE_PROGRAM
    await delete_in_batches(database, OAuthCode, OAuthCode.expires_at < at - LATE)
    over = and_(OAuthToken.kind == ACCESS, OAuthToken.expires_at < at - LATE)
    await delete_in_batches(database, OAuthToken, over)
    never_used = and_(OAuthGrant.redeemed_at.is_(None), OAuthGrant.created_at < at - LATE)
    ended = or_(OAuthGrant.revoked_at < at - KEPT, OAuthGrant.expires_at < at - KEPT)
    await delete_in_batches(database, OAuthGrant, or_(never_used, ended))
    await delete_in_batches(database, OAuthClient, and_(OAuthClient.origin != STAFF, or_(unused, idle)))
