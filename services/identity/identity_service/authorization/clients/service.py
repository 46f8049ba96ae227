"""Clients: found, registered, authenticated (RFC 6749 §2, RFC 7591)."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import unquote_plus

from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.authorization.clients.documents import Document
from identity_service.authorization.clients.schemas import ClientMetadata
from identity_service.authorization.errors import NO_CLIENT_ID, InvalidClient, OAuthError
from identity_service.authorization_models import DOCUMENT, REGISTERED, STAFF, OAuthClient
from notechondria_shared.auth.credentials import digest
from notechondria_shared.core.errors import Unavailable
from notechondria_shared.core.timestamps import now

MOST_UNUSED = 10_000
"""Registrations that nobody has used yet, of all networks; they end after two days."""
FULL = "Not registered: Backend.Auth/oauth.register — too many programs have registered and not been used."
SECRET_PREFIX, REGISTRATION_PREFIX = "ncs_", "ncm_"


@dataclass(frozen=True, slots=True)
class Registered:
    """A new registration with its secrets in plain text, shown this once."""

    client: OAuthClient
    secret: str
    registration_token: str


@dataclass(frozen=True, slots=True)
class ClaimedClient:
    """Who a program says it is at the token endpoint, and how it shows it."""

    client_id: str
    secret: str
    method: str


async def register(db: AsyncSession, metadata: ClientMetadata) -> Registered:
    """A new client; 503 when too many were never used."""
    unused = select(func.count()).where(OAuthClient.origin == REGISTERED, OAuthClient.last_used_at.is_(None))
    if (await db.scalar(unused) or 0) >= MOST_UNUSED:
        raise Unavailable(FULL, retry_after=3600)
    # Without a word on it a client of RFC 7591 has a secret; programs of today say `none` or cannot keep one.
    method = metadata.token_endpoint_auth_method or "none"
    secret = "" if method == "none" else SECRET_PREFIX + secrets.token_urlsafe(32)
    token = REGISTRATION_PREFIX + secrets.token_urlsafe(32)
    client = OAuthClient(
        client_id=f"program-{secrets.token_hex(16)}",
        origin=REGISTERED,
        name=metadata.name,
        redirect_uris=list(metadata.redirect_uris),
        auth_method=method,
        secret_digest=digest(secret) if secret else "",
        registration_digest=digest(token),
    )
    db.add(client)
    await db.flush()
    return Registered(client, secret, token)


async def make_for_staff(db: AsyncSession, name: str, redirect_uris: Sequence[str]) -> OAuthClient:
    """A program that the staff of this server vouches for, without a secret."""
    client = OAuthClient(
        client_id=f"program-{secrets.token_hex(16)}", origin=STAFF, name=name, redirect_uris=list(redirect_uris)
    )
    db.add(client)
    await db.flush()
    return client


def give_secret(client: OAuthClient) -> str:
    """A new secret, in plain text this once; the older one counts no more."""
    secret = SECRET_PREFIX + secrets.token_urlsafe(32)
    client.secret_digest, client.auth_method = digest(secret), "client_secret_basic"
    return secret


async def by_client_id(db: AsyncSession, client_id: str) -> OAuthClient | None:
    """The client of this id, as it is known here."""
    client: OAuthClient | None = await db.scalar(select(OAuthClient).where(OAuthClient.client_id == client_id))
    return client


async def keep_document(db: AsyncSession, client_id: str, document: Document) -> OAuthClient:
    """The client as its document describes it now."""
    values = {
        "name": document.metadata.name,
        "redirect_uris": list(document.metadata.redirect_uris),
        "fresh_until": now() + timedelta(seconds=document.fresh_seconds),
    }
    statement = (
        insert(OAuthClient)
        .values(
            client_id=client_id,
            origin=DOCUMENT,
            auth_method="none",
            secret_digest="",
            registration_digest="",
            created_at=now(),
            **values,
        )
        .on_conflict_do_update(index_elements=[OAuthClient.client_id], set_=values)
        .returning(OAuthClient)
    )
    client: OAuthClient | None = await db.scalar(statement, execution_options={"populate_existing": True})
    assert client is not None  # noqa: S101 - inserted or updated
    return client


async def by_registration(db: AsyncSession, client_id: str, token: str) -> OAuthClient | None:
    """The client of this id, for whoever holds the token of its registration."""
    client = await by_client_id(db, client_id)
    if client is None or not client.registration_digest:
        return None
    return client if hmac.compare_digest(client.registration_digest, digest(token)) else None


async def remove(db: AsyncSession, client: OAuthClient) -> None:
    """Forget a client and everything it was allowed; its grants are to be revoked before."""
    await db.execute(delete(OAuthClient).where(OAuthClient.id == client.id))


def claimed(authorization: str | None, form: Mapping[str, str]) -> ClaimedClient:
    """Who asks, by header or form, not both (RFC 6749 §2.3)."""
    if authorization and authorization.lower().startswith("basic "):
        if "client_secret" in form:
            raise OAuthError("invalid_request", "Authenticate in one way, not two.")
        try:
            text = base64.b64decode(authorization[6:].strip(), validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            raise InvalidClient(by_header=True) from None
        name, _, secret = text.partition(":")
        client_id = unquote_plus(name)
        if form.get("client_id", client_id) != client_id:
            raise InvalidClient(by_header=True)
        return ClaimedClient(client_id, unquote_plus(secret), "client_secret_basic")
    client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
    if not client_id:
        raise InvalidClient(NO_CLIENT_ID)
    return ClaimedClient(client_id, secret, "client_secret_post" if secret else "none")


async def authenticate(db: AsyncSession, claim: ClaimedClient) -> OAuthClient:
    """The client, authenticated in the way it registered for; 401 `invalid_client` otherwise."""
    refusal = InvalidClient(by_header=claim.method == "client_secret_basic")
    client = await by_client_id(db, claim.client_id)
    if client is None:
        raise refusal
    if client.auth_method == "none":
        # Some send an empty secret, or one of their own, all the same: there is none that could be wrong.
        return client
    if claim.method == "none" or not hmac.compare_digest(client.secret_digest, digest(claim.secret)):
        raise refusal
    return client


async def mark_used(db: AsyncSession, client: OAuthClient) -> None:
    """`last_used_at = now`."""
    await db.execute(update(OAuthClient).where(OAuthClient.id == client.id).values(last_used_at=now()))
