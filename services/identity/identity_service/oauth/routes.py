"""Sign-in with Google and GitHub, and linking (identity §10.1 - §10.4)."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import BackgroundTasks, Request, Response

from identity_service.accounts.payload import auth_payload
from identity_service.accounts.schemas import AuthPayload
from identity_service.factors.service import PROVIDER_ON_SITE, SecondFactorNeeded
from identity_service.oauth import queries, service, signing_in
from identity_service.oauth.schemas import (
    BindGithub,
    BindGoogle,
    LinkedAccount,
    OAuthConfig,
    ProviderConfig,
    SignInGithub,
    SignInGoogle,
    SocialAccountRow,
)
from identity_service.providers import Profile, ProviderError
from identity_service.redirects import chosen_redirect, registration
from identity_service.security_log import service as security_log
from identity_service.sessions.devices import Device
from identity_service.state import identity_state
from notechondria_shared.auth import LoggedIn, MaybeCaller, WithSession
from notechondria_shared.core.errors import BadRequest, NonFieldError, Unavailable
from notechondria_shared.core.timestamps import iso_z
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notechondria_shared.web.openapi import refusals
from notechondria_shared.web.route import api_router

router = api_router("/api/v1/auth", tags=["oauth"])
NOT_NOW = "Not linked: Backend.Creators.Auth/bind.{provider}.config_lookup — this provider is not configured here."
USE_BIND = (
    "Not signed in: Backend.Creators.Auth/oauth.{provider}.validate — to bind a provider, sign in and use "
    "/api/v1/auth/bind/{provider}/."
)
NEITHER_SENT = "Not signed in: Backend.Creators.Auth/oauth.google.validate — a code or an id token is needed."


@router.get("/oauth-config/")
async def oauth_config(request: Request, _: MaybeCaller) -> OAuthConfig:
    """Client ids and the redirect address for the caller's origin (identity §10.1)."""
    registrations = {name: registration(identity_state(request.app).settings, name) for name in ("google", "github")}
    return OAuthConfig(
        **{
            name: ProviderConfig(client_id=one.client_id, redirect_uri=chosen_redirect(one, request.headers))
            for name, one in registrations.items()
        }
    )


@router.post("/google/", responses=refusals(404, 502))
async def sign_in_google(request: Request, _: MaybeCaller, body: SignInGoogle, tasks: BackgroundTasks) -> AuthPayload:
    """Sign in or register with Google (identity §10.3): AuthPayload."""
    if body.intent != "bind" and not (body.code or body.id_token):
        raise NonFieldError(NEITHER_SENT)
    return await _sign_in(request, "google", body, body.id_token, tasks)


@router.post("/github/", responses=refusals(404, 502))
async def sign_in_github(request: Request, _: MaybeCaller, body: SignInGithub, tasks: BackgroundTasks) -> AuthPayload:
    """Sign in or register with GitHub (identity §10.3): AuthPayload."""
    return await _sign_in(request, "github", body, "", tasks)


async def _sign_in(
    request: Request, provider: str, body: SignInGoogle | SignInGithub, id_token: str, tasks: BackgroundTasks
) -> AuthPayload:
    if body.intent == "bind":
        raise BadRequest(USE_BIND.format(provider=provider))
    profile = await signing_in.profile_of(request, provider, body.code, id_token, body.redirect_uri)
    try:
        user, started = await signing_in.sign_in(
            request,
            profile,
            intent=body.intent,
            invitation=body.invitation_code or "",
            device=Device.of(request),
            tasks=tasks,
        )
    except SecondFactorNeeded:
        base = identity_state(request.app).settings.base_url
        raise NonFieldError(PROVIDER_ON_SITE.format(base=base)) from None
    return await auth_payload(request, user, started.token, started.row)


@router.get("/social-accounts/")
async def list_links(caller: LoggedIn, read: ReadSession) -> list[SocialAccountRow]:
    """The caller's links (identity §10.4); `created_at` ends in `Z`."""
    rows = await read.all(queries.LINKS, user_id=caller.user_id)
    return [SocialAccountRow(**{**asdict(row), "created_at": iso_z(row.created_at)}) for row in rows]


@router.delete("/social-accounts/{provider}/", status_code=204, responses=refusals(403, 404))
async def unlink(request: Request, caller: WithSession, provider: str, db: WriteSession) -> None:
    """Remove a link; 404 when that provider is not linked (identity §10.4)."""
    await service.unlink(db, caller.user_id, provider)
    device = Device.of(request)
    await security_log.record(db, caller.user_id, security_log.PROVIDER_UNLINKED, device, detail=provider)


@router.post("/bind/google/", responses={201: {"model": LinkedAccount}, **refusals(403, 409, 502, 503)})
async def bind_google(request: Request, response: Response, caller: WithSession, body: BindGoogle) -> LinkedAccount:
    """Link a Google account: 201 new, 200 replaced (identity §10.4)."""
    if not (body.code or body.id_token):
        raise NonFieldError(NEITHER_SENT)
    return await _bind(request, response, caller.user_id, "google", (body.code, body.id_token, body.redirect_uri))


@router.post("/bind/github/", responses={201: {"model": LinkedAccount}, **refusals(403, 409, 502, 503)})
async def bind_github(request: Request, response: Response, caller: WithSession, body: BindGithub) -> LinkedAccount:
    """Link a GitHub account: 201 new, 200 replaced (identity §10.4)."""
    return await _bind(request, response, caller.user_id, "github", (body.code, "", body.redirect_uri))


async def _bind(
    request: Request, response: Response, user_id: int, provider: str, body: tuple[str, str, str]
) -> LinkedAccount:
    provider_app = registration(identity_state(request.app).settings, provider)
    if not (provider_app.client_id and provider_app.client_secret):
        raise Unavailable(NOT_NOW.format(provider=provider), retry_after=3600)
    code, id_token, redirect_uri = body
    try:
        profile = await signing_in.profile(request, provider, code, id_token, redirect_uri)
    except ProviderError as problem:
        tag = f"Backend.Creators.Auth/bind.{provider}.{problem.phase}"
        signing_in.refuse(problem, f"Not linked: {tag} — {problem.text}")
    answer, made = await signing_in.settled(lambda: _link(request, user_id, profile))
    response.status_code = 201 if made else 200
    return answer


async def _link(request: Request, user_id: int, profile: Profile) -> tuple[LinkedAccount, bool]:
    async with identity_state(request.app).database.transaction() as db:
        link, made = await service.bind(db, user_id, profile)
        await security_log.record(
            db, user_id, security_log.PROVIDER_LINKED, Device.of(request), detail=profile.provider
        )
        return LinkedAccount(id=link.id, provider=link.provider, provider_uid=link.provider_uid, email=link.email), made
