"""Sessions of people who have shown who they are (identity §4)."""

from __future__ import annotations

from dataclasses import dataclass

from fastapi import BackgroundTasks
from sqlalchemy import exists, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.mail.service import NEW_DEVICE
from identity_service.models import Session, User
from identity_service.notices.service import notify_owner
from identity_service.security_log import service as security_log
from identity_service.sessions import service as sessions
from identity_service.sessions.devices import Device
from identity_service.state import IdentityState

PASSWORD, APP_PASSWORD, MAILED_CODE, PASSKEY = "password", "app password", "mailed code", "passkey"
SIGN_IN_SITE = "sign-in site"
_VERSIONS = r"[0-9._]+"


@dataclass(frozen=True, slots=True)
class Started:
    """A new session, its token, and whether the account was never seen on such a device before."""

    token: str
    row: Session
    new_device: bool


async def start(
    db: AsyncSession,
    user_id: int,
    device: Device,
    *,
    method: str,
    provider: str = "",
    app_password_id: int | None = None,
) -> Started:
    """A session, written into the security log; `method` is how the person showed who it is.

    An app that comes from the sign-in site is on a device that was looked at there.
    """
    new_device = method != SIGN_IN_SITE and await _is_new(db, user_id, device)
    token, row = await sessions.mint(db, user_id, device, provider=provider)
    row.app_password_id = app_password_id
    detail = "new device" if new_device else ""
    await security_log.record(db, user_id, security_log.SIGNED_IN, device, method=method, detail=detail)
    return Started(token, row, new_device)


def announce(tasks: BackgroundTasks, state: IdentityState, user: User, device: Device, started: Started) -> None:
    """Mail the owner about a new device; after the commit."""
    if started.new_device:
        notify_owner(tasks, state, NEW_DEVICE, user, device)


async def _is_new(db: AsyncSession, user_id: int, device: Device) -> bool:
    """True when there were sessions before, and none of this kind of program, whatever its version.

    Addresses do not count: a telephone has another one in every train.
    """
    agent = func.regexp_replace(Session.user_agent, _VERSIONS, "", "g")
    own = Session.user_id == user_id
    same = func.regexp_replace(device.user_agent, _VERSIONS, "", "g")
    known = exists().where(own, agent == same)
    before, seen = (await db.execute(select(exists().where(own), known))).one()
    return bool(before) and not seen
