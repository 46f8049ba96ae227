"""The caller of a request, and the dependencies that demand or allow one."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request

from notechondria_shared.auth.assertion import ASSERTION_HEADER
from notechondria_shared.auth.credentials import Kind, parse_authorization
from notechondria_shared.auth.introspection import READ_RESTART_SECONDS, RESTART_SECONDS, Introspection
from notechondria_shared.auth.precondition import PRECONDITION_HEADER, UNCONDITIONAL, Precondition
from notechondria_shared.auth.scopes import PERSON_NEEDED, READING_METHODS, audience_of, check_scopes
from notechondria_shared.auth.state import AuthState, state_of
from notechondria_shared.core.errors import (
    DISABLED,
    INVALID_KEY,
    INVALID_TOKEN,
    NOT_PROVIDED,
    Forbidden,
    InsufficientScope,
    InvalidAccessToken,
    Unauthorized,
)

logger = logging.getLogger("notechondria.auth")
SESSION_NEEDED = (
    "Request refused: Backend.Auth/permission_check — an API key may not do this, sign in with the account's password."
)
BY_APP_PASSWORD = "app-password"  # noqa: S105 - the name of a scope
"""Beside the scopes of a session that an app password made: it lies in a program, and decides nothing (decision 54)."""
ON_PAGES_ONLY = (
    "Request refused: Backend.Auth/permission_check — a sign-in with an app password may not do this; the pages at "
    "/account/ may."
)
READ_ONLY_KEY = "Write refused: Backend.Auth/permission_check — this API key may only read."


@dataclass(frozen=True, slots=True)
class Caller:
    """Who is calling, as far as any service needs to know."""

    user_id: int
    username: str
    image_path: str
    editor_mode: str
    is_staff: bool
    is_superuser: bool
    scopes: tuple[str, ...]
    kind: Kind
    credential_id: int | None
    """Id of the session, API key or grant; None when the call came through another service."""
    credential_digest: str
    assertions: Mapping[str, str]
    """By service, the assertion for calls to it on the user's behalf; never sent to clients."""
    precondition: Precondition = field(default=UNCONDITIONAL, compare=False)
    """What a change depends on when another service asks for it."""

    @property
    def principal(self) -> str:
        """What stays the same while a program renews its token: the grant; for all others the credential."""
        return f"grant {self.credential_id}" if self.kind == "token" else self.credential_digest


async def authenticate(request: Request) -> Caller | None:
    """The caller of the request, None when anonymous. A present but bad credential is 401 (identity §2).

    The answer is kept on the request, so that several dependencies cost one look.
    """
    known: Caller | str | None = getattr(request.state, "caller", "unknown")
    if not isinstance(known, str):
        return known
    request.state.caller = caller = await _identify(request)
    return caller


async def _identify(request: Request) -> Caller | None:
    if assertion := request.headers.get(ASSERTION_HEADER):
        claims = state_of(request.app, AuthState).keys.verify(assertion)
        if claims is None:
            log_refusal(request, "<malformed>", "internal assertion expired or forged")
            raise Unauthorized(INVALID_TOKEN)
        precondition = Precondition.of_header(request.headers.get(PRECONDITION_HEADER))
        return _caller(Introspection(active=True, **claims), "", precondition)
    try:
        credential = parse_authorization(request.headers.get("authorization"))
    except Unauthorized:
        log_refusal(request, "<malformed>", "credential of the wrong form")
        raise
    if credential is None:
        return None
    patience = READ_RESTART_SECONDS if request.method in {"GET", "HEAD"} else RESTART_SECONDS
    introspection = await state_of(request.app, AuthState).introspector.introspect(credential, patience=patience)
    if not introspection.active:
        log_refusal(request, credential.shown, introspection.reason)
        if credential.kind == "token":
            raise InvalidAccessToken
        if introspection.reason == "disabled":
            raise Unauthorized(DISABLED)
        raise Unauthorized(INVALID_TOKEN if credential.kind == "session" else INVALID_KEY)
    if credential.kind == "token" and introspection.audience != audience_of(request.url.path):
        log_refusal(request, credential.shown, "access token for another resource")
        raise InvalidAccessToken
    return _caller(introspection, credential.digest)


def _caller(introspection: Introspection, digest: str, precondition: Precondition = UNCONDITIONAL) -> Caller:
    return Caller(
        user_id=introspection.user_id,
        username=introspection.username,
        image_path=introspection.image_path,
        editor_mode=introspection.editor_mode,
        is_staff=introspection.is_staff,
        is_superuser=introspection.is_superuser,
        scopes=tuple(introspection.scopes),
        kind=introspection.kind,
        credential_id=introspection.credential_id,
        credential_digest=digest,
        assertions=introspection.assertions,
        precondition=precondition,
    )


async def require_caller(request: Request) -> Caller:
    """The caller; 401 when anonymous, 403 when a read-only key writes or a program lacks the scope. Checked first."""
    caller = await authenticate(request)
    if caller is None:
        log_refusal(request, "<none>", "no credentials")
        raise Unauthorized(NOT_PROVIDED)
    _check_scope(request, caller)
    return caller


async def require_session(request: Request) -> Caller:
    """As `require_caller`, and 403 for an API key: for what decides over the account itself (decision 42).

    Whoever finds a key must not be able to keep the account: a key makes no keys, ends no sessions, and changes nothing
    by which its owner signs in.
    """
    caller = await require_caller(request)
    if caller.kind != "session":
        log_refusal(request, "<kind>", f"{caller.kind} where a session is needed")
        raise InsufficientScope(PERSON_NEEDED) if caller.kind == "token" else Forbidden(SESSION_NEEDED)
    if BY_APP_PASSWORD in caller.scopes:
        log_refusal(request, "<kind>", "app password where its owner is needed")
        raise Forbidden(ON_PAGES_ONLY)
    return caller


async def allow_caller(request: Request) -> Caller | None:
    """The caller or None; a bad credential is refused all the same."""
    caller = await authenticate(request)
    if caller is not None:
        _check_scope(request, caller)
    return caller


def _check_scope(request: Request, caller: Caller) -> None:
    if caller.kind == "token":
        check_token(request, caller)
    elif request.method not in READING_METHODS and "write" not in caller.scopes:
        log_refusal(request, "<scope>", "read-only key")
        raise Forbidden(READ_ONLY_KEY)


def check_token(request: Request, caller: Caller) -> None:
    """403 when a program's access token does not allow this request."""
    service = state_of(request.app, AuthState).keys.service
    try:
        check_scopes(caller.scopes, service, request.method, request.url.path)
    except InsufficientScope:
        log_refusal(request, "<scope>", "access token without the scope")
        raise


def log_refusal(request: Request, shown: str, cause: str) -> None:
    """One INFO line per 401 and 403 (identity §16): never more than 8 characters of a credential."""
    step = "token_check" if shown not in {"<none>", "<scope>", "<kind>"} else "permission_check"
    logger.info(
        "Request refused: Backend.Auth/%s — %s %s credential=%s cause=%s",
        step,
        request.method,
        request.url.path,
        shown,
        cause,
    )


LOGINS = (require_session, require_caller, allow_caller)
"""The dependencies that look at credentials, the strictest first."""
LoggedIn = Annotated[Caller, Depends(require_caller)]
WithSession = Annotated[Caller, Depends(require_session)]
MaybeCaller = Annotated[Caller | None, Depends(allow_caller)]
