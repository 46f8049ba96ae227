"""Codes and tokens: exchanged, renewed, revoked (RFC 6749 §4.1.3, §6; RFC 7009; RFC 9700 §4.14)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.authorization import grants
from identity_service.authorization.errors import InvalidGrant, OAuthError
from identity_service.authorization.programs.schemas import shown_name
from identity_service.authorization.resources import audience_named
from identity_service.authorization.tokens.schemas import TokenAnswer
from identity_service.authorization_models import (
    ACCESS,
    IDLE_PROGRAM,
    REFRESH,
    OAuthClient,
    OAuthCode,
    OAuthGrant,
    OAuthToken,
)
from identity_service.models import ACTIVE, User
from identity_service.security_log import service as security_log
from identity_service.sessions.devices import Device
from notechondria_contracts.scopes import normalized
from notechondria_shared.auth.credentials import ACCESS_TOKEN, REFRESH_TOKEN, digest, is_whole, new_secret
from notechondria_shared.core.timestamps import now

ACCESS_LIFE = timedelta(hours=1)
GRACE = timedelta(seconds=30)
"""So long a refresh token may come again after its exchange: the answer may have been lost on the way."""
STOLEN = "its code or token came twice, it may have been stolen"
_VERIFIER = re.compile(r"[A-Za-z0-9._~-]{43,128}")


def challenge_of(verifier: str) -> str:
    """The `S256` challenge of a code verifier (RFC 7636 §4.2)."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class TokenRequest:
    """What a program sent to the token endpoint, and from where."""

    form: Mapping[str, str]
    device: Device
    public_base_url: str


async def redeem(db: AsyncSession, client: OAuthClient, request: TokenRequest) -> TokenAnswer:
    """The first tokens of a grant, for its code. A code that comes twice ends the grant (RFC 6749 §4.1.2)."""
    form = request.form
    verifier = form.get("code_verifier", "")
    if not form.get("code"):
        raise OAuthError("invalid_request", "code is missing.")
    code = await db.scalar(select(OAuthCode).where(OAuthCode.digest == digest(form["code"])))
    if code is None:
        raise InvalidGrant
    grant = await _locked(db, code.grant_id, client)
    await db.refresh(code)
    if code.used_at is not None:
        await _end_logged(db, client, grant, request.device, STOLEN)
        raise InvalidGrant(commit_on_error=True)
    proven = _VERIFIER.fullmatch(verifier) and hmac.compare_digest(challenge_of(verifier), code.challenge)
    if not proven or form.get("redirect_uri", "") != code.redirect_uri or code.expires_at <= now():
        raise InvalidGrant
    _check_resource(request, grant)
    await _check_alive(db, grant)
    code.used_at = grant.redeemed_at = now()
    return await _mint(db, grant, grant.scopes)


async def renew(db: AsyncSession, client: OAuthClient, request: TokenRequest) -> TokenAnswer:
    """The next tokens, for a refresh token that then counts no more. One that comes again later ends the grant: it, or
    its successor, is in other hands (RFC 9700 §4.14.2)."""
    form = request.form
    sent = form.get("refresh_token", "")
    if not sent:
        raise OAuthError("invalid_request", "refresh_token is missing.")
    if not is_whole(sent, REFRESH_TOKEN):
        raise InvalidGrant
    sent_digest = digest(sent)
    token = await db.scalar(select(OAuthToken).where(OAuthToken.digest == sent_digest, OAuthToken.kind == REFRESH))
    if token is None:
        raise InvalidGrant
    grant = await _locked(db, token.grant_id, client)
    await db.refresh(token)
    at = now()
    if token.used_at is not None and token.used_at <= at - GRACE:
        await _end_logged(db, client, grant, request.device, STOLEN)
        raise InvalidGrant(commit_on_error=True)
    if token.expires_at <= at:
        raise InvalidGrant
    _check_resource(request, grant)
    await _check_alive(db, grant)
    scopes = grant.scopes
    if "scope" in form:
        scopes = normalized(form["scope"].split())
        if not scopes or not set(scopes) <= set(grant.scopes):
            raise OAuthError("invalid_scope", "A refresh cannot ask for more than was allowed; ask the person anew.")
    if token.used_at is None:
        token.used_at = at
    return await _mint(db, grant, scopes)


async def revoke(db: AsyncSession, client: OAuthClient, sent: str, device: Device) -> None:
    """End an access token, or with its refresh token the whole grant; what is unknown is revoked already (RFC 7009 §2).

    400 for a token of another client (RFC 7009 §2.1). The owner finds the end of a grant in the security log, once.
    """
    token = await db.scalar(select(OAuthToken).where(OAuthToken.digest == digest(sent)))
    if token is None:
        return
    try:
        grant = await _locked(db, token.grant_id, client)
    except InvalidGrant:
        raise OAuthError("unauthorized_client", "The token is of another client.") from None
    if token.kind == REFRESH:
        await _end_logged(db, client, grant, device, "it gave its access back")
    else:
        await grants.end_tokens(db, grant.user_id, [token.id])


async def _locked(db: AsyncSession, grant_id: int, client: OAuthClient) -> OAuthGrant:
    """The grant, locked: two uses of one code or token come one after the other. Of another client: none."""
    grant: OAuthGrant | None = await db.scalar(
        select(OAuthGrant).where(OAuthGrant.id == grant_id, OAuthGrant.client_id == client.id).with_for_update()
    )
    if grant is None:
        raise InvalidGrant
    return grant


async def _end_logged(db: AsyncSession, client: OAuthClient, grant: OAuthGrant, device: Device, why: str) -> None:
    """End a grant; its owner finds it in the security log, once."""
    if grant.revoked_at is None:
        detail = f"{shown_name(client)}: {why}"
        await security_log.record(db, grant.user_id, security_log.PROGRAM_DISCONNECTED, device, detail=detail)
    await grants.end(db, grant.id)


def _check_resource(request: TokenRequest, grant: OAuthGrant) -> None:
    sent = request.form.get("resource")
    if sent is not None and audience_named(request.public_base_url, sent) != grant.audience:
        raise OAuthError("invalid_target", "The grant is for another resource.")


async def _check_alive(db: AsyncSession, grant: OAuthGrant) -> None:
    status = await db.scalar(select(User.status).where(User.id == grant.user_id))
    if grant.revoked_at is not None or grant.expires_at <= now() or status != ACTIVE:
        raise InvalidGrant


async def _mint(db: AsyncSession, grant: OAuthGrant, scopes: list[str]) -> TokenAnswer:
    at = now()
    access, refresh = new_secret(ACCESS_TOKEN), new_secret(REFRESH_TOKEN)
    access_ends = min(at + ACCESS_LIFE, grant.expires_at)
    db.add(_row(grant, ACCESS, access, scopes, access_ends))
    db.add(_row(grant, REFRESH, refresh, grant.scopes, min(at + IDLE_PROGRAM, grant.expires_at)))
    await db.flush()
    return TokenAnswer(
        access_token=access,
        expires_in=max(1, int((access_ends - at).total_seconds())),
        refresh_token=refresh,
        scope=" ".join(scopes),
    )


def _row(grant: OAuthGrant, kind: str, token: str, scopes: list[str], expires_at: datetime) -> OAuthToken:
    return OAuthToken(grant_id=grant.id, kind=kind, digest=digest(token), scopes=scopes, expires_at=expires_at)
