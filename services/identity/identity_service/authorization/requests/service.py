"""Authorization requests: checked, and answered as the person decides (RFC 6749 §4.1.1, OAuth 2.1 §4.1.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.authorization import grants
from identity_service.authorization.clients.redirects import is_registered, target_of
from identity_service.authorization.forms import parameters
from identity_service.authorization.programs.schemas import program_of
from identity_service.authorization.resources import audience_named, issuer_of, not_here
from identity_service.authorization_models import OAuthClient, OAuthCode, OAuthGrant
from notechondria_contracts.internal.authorization import DAYS, ConsentNeeded, Scope, SendBack, Unproven
from notechondria_contracts.scopes import IN_WORDS, NEVER, NOTES_READ, PLANNER_READ, PROFILE, SCOPES, normalized
from notechondria_shared.auth.credentials import digest, new_secret
from notechondria_shared.core.errors import FieldErrors
from notechondria_shared.core.timestamps import now

CODE_LIFE = timedelta(seconds=60)
CODE = "ncc_"
UNASKED = (NOTES_READ, PLANNER_READ, PROFILE)
"""What is meant by a request without scopes (RFC 6749 §3.3): to read."""
LONGEST_STATE = 2048
_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}")
UNREADABLE = "The program sent a request that cannot be read. Go back to it and connect once more."
NO_CLIENT = "The program did not say which one it is, or is not known here (any more). Connect once more from there."
NO_REDIRECT = "The program asks for the answer at an address that is not registered for it. Nothing was sent there."


@dataclass(frozen=True, slots=True)
class Asked:
    """An authorization request of a proven client and redirect, without a fault."""

    client: OAuthClient
    redirect_uri: str
    names_redirect: bool
    scopes: list[str]
    audience: str
    challenge: str
    state: str | None


class NotAsked(Exception):
    """The request is answered without asking the person."""

    def __init__(self, answer: SendBack | Unproven) -> None:
        super().__init__(answer.kind)
        self.answer = answer


def read(query: str) -> dict[str, str]:
    """The parameters of a request; `NotAsked` when they cannot be read."""
    try:
        return parameters(query)
    except ValueError:
        raise NotAsked(Unproven(text=UNREADABLE)) from None


def check(asked: Mapping[str, str], client: OAuthClient | None, public_base_url: str) -> Asked:
    """The request, or `NotAsked`: on the person's page until client and redirect are proven, afterwards at the client.

    Nobody is sent to an address that an attacker put into a link (RFC 9700 §4.11).
    """
    if client is None:
        raise NotAsked(Unproven(text=NO_CLIENT))
    redirect_uri = asked.get("redirect_uri", "")
    names_redirect = bool(redirect_uri)
    if not names_redirect and len(client.redirect_uris) == 1:
        redirect_uri = client.redirect_uris[0]
    if not is_registered(redirect_uri, client.redirect_uris):
        raise NotAsked(Unproven(text=NO_REDIRECT))
    state = asked.get("state")
    if state is not None and len(state) > LONGEST_STATE:
        raise NotAsked(Unproven(text=UNREADABLE))

    scopes = normalized(asked["scope"].split()) if "scope" in asked else list(UNASKED)
    audience = audience_named(public_base_url, asked.get("resource"))
    problem = _problem(asked)
    if problem is None and not scopes:
        problem = "invalid_scope", f"None of the scopes is known; there are {', '.join(SCOPES)}."
    if problem is not None or audience is None:
        error, description = problem or ("invalid_target", not_here(public_base_url))
        raise NotAsked(SendBack(url=_back(redirect_uri, public_base_url, state, error, description)))
    return Asked(client, redirect_uri, names_redirect, scopes, audience, asked["code_challenge"], state)


def _problem(asked: Mapping[str, str]) -> tuple[str, str] | None:
    """What the program did wrong: error code and description (RFC 6749 §4.1.2.1)."""
    if asked.get("response_type", "code") != "code":
        return "unsupported_response_type", "response_type must be code."
    if "response_type" not in asked or asked.get("response_mode", "query") != "query":
        return "invalid_request", "response_type must be code, response_mode query."
    # Without a method `plain` is meant (RFC 7636 §4.3), which protects nothing here.
    if asked.get("code_challenge_method") != "S256" or not _CHALLENGE.fullmatch(asked.get("code_challenge", "")):
        return "invalid_request", "A code_challenge with the method S256 is needed."
    if "request" in asked or "request_uri" in asked:
        return "request_not_supported", "Send the parameters themselves."
    if asked.get("prompt") == "none":
        return "interaction_required", "The person is always asked."
    return None


async def to_ask(db: AsyncSession, asked: Asked, user_id: int) -> ConsentNeeded:
    """What the person is shown."""
    held = await db.scalars(
        select(OAuthGrant.scopes).where(
            OAuthGrant.user_id == user_id,
            OAuthGrant.client_id == asked.client.id,
            OAuthGrant.audience == asked.audience,
            OAuthGrant.redeemed_at.is_not(None),
            OAuthGrant.revoked_at.is_(None),
            OAuthGrant.expires_at > now(),
        )
    )
    target = target_of(asked.redirect_uri)
    return ConsentNeeded(
        program=program_of(asked.client),
        redirect_host=target.host,
        redirect_source=target.source,
        is_local=target.is_local,
        scopes=[Scope(name=scope, words=IN_WORDS[scope]) for scope in asked.scopes],
        held=normalized(scope for scopes in held for scope in scopes),
        never=list(NEVER),
        days=list(DAYS),
    )


async def approve(
    db: AsyncSession, asked: Asked, user_id: int, scopes: Iterable[str], days: int, public_base_url: str
) -> SendBack:
    """A grant, and the browser back at the program with its code. 400 for more than was asked, or nothing."""
    allowed = normalized(scopes)
    if not allowed or not set(allowed) <= set(normalized(asked.scopes)):
        raise FieldErrors(scopes="Choose at least one of what the program asks for.")
    if days not in DAYS:
        raise FieldErrors(days="Choose how long it may go on.")
    # Nobody takes the client away while something is allowed to it.
    if await db.get(OAuthClient, asked.client.id, with_for_update={"read": True, "key_share": True}) is None:
        raise NotAsked(Unproven(text=NO_CLIENT))
    expires_at = now() + timedelta(days=days)
    grant = await grants.make(db, user_id, asked.client.id, allowed, asked.audience, expires_at)
    code = new_secret(CODE)
    row = OAuthCode(
        grant_id=grant.id,
        digest=digest(code),
        redirect_uri=asked.redirect_uri if asked.names_redirect else "",
        challenge=asked.challenge,
        expires_at=now() + CODE_LIFE,
    )
    db.add(row)
    return SendBack(url=_with(asked.redirect_uri, public_base_url, asked.state, code=code))


def refuse(asked: Asked, public_base_url: str) -> SendBack:
    """The person said no."""
    text = "The person did not allow it."
    return SendBack(url=_back(asked.redirect_uri, public_base_url, asked.state, "access_denied", text))


def _back(uri: str, public_base_url: str, state: str | None, error: str, description: str) -> str:
    return _with(uri, public_base_url, state, error=error, error_description=description)


def _with(uri: str, public_base_url: str, state: str | None, **answer: str) -> str:
    """A redirect URI with the answer in its query; `iss` says who answers (RFC 9207 §2)."""
    if state is not None:
        answer["state"] = state
    added = urlencode({**answer, "iss": issuer_of(public_base_url)})
    # Added to its text: taken apart and put together again, `app:///done` would become `app:/done`.
    joint = "" if uri.endswith(("?", "&")) else "&" if "?" in uri else "?"
    return f"{uri}{joint}{added}"
