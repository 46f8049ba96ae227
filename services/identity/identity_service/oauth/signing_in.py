"""Signing in with a provider as apps and the site do it (identity §10.3): whose sign-in it is is a device."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NoReturn, TypeVar

from fastapi import BackgroundTasks, Request
from sqlalchemy.exc import IntegrityError

from identity_service.factors import service as factors
from identity_service.factors.service import SecondFactorNeeded
from identity_service.models import User
from identity_service.oauth import service
from identity_service.providers import Profile, ProviderError
from identity_service.redirects import chosen_redirect, registration
from identity_service.sessions.devices import Device
from identity_service.sign_ins import service as sign_ins
from identity_service.sign_ins.service import Started
from identity_service.state import identity_state
from notechondria_shared.core.errors import ApiError

MOST_ATTEMPTS = 4
ResultT = TypeVar("ResultT")


async def profile(request: Request, provider: str, code: str, id_token: str, redirect_uri: str) -> Profile:
    """Who the provider says it is; `ProviderError` when it says nobody."""
    client = registration(identity_state(request.app).settings, provider)
    return await identity_state(request.app).providers.profile(
        provider,
        client,
        code=code,
        id_token=id_token,
        redirect_uri=redirect_uri or chosen_redirect(client, request.headers),
    )


async def profile_of(request: Request, provider: str, code: str, id_token: str, redirect_uri: str) -> Profile:
    """As `profile`; a provider that refuses is 400, one that is away 502."""
    try:
        return await profile(request, provider, code, id_token, redirect_uri)
    except ProviderError as problem:
        refuse(problem, problem.text)


def refuse(problem: ProviderError, detail: str) -> NoReturn:
    """400 when the provider refused, 502 when it could not be reached (decision 24)."""
    raise ApiError({"detail": detail}, status=502 if problem.unreachable else 400) from None


async def settled(attempt: Callable[[], Awaitable[ResultT]]) -> ResultT:
    """The result of a transaction that others may race with, the same person in two windows say.

    The database decides who is first; the next attempt finds what the first one made.
    """
    for _ in range(MOST_ATTEMPTS - 1):
        with suppress(IntegrityError):
            return await attempt()
    return await attempt()


async def sign_in(
    request: Request, known: Profile, *, intent: str, invitation: str, device: Device, tasks: BackgroundTasks
) -> tuple[User, Started]:
    """A session of the profile's account, which is made when the intent is to register.

    `SecondFactorNeeded` where the account asks for more; then nothing is changed, no link is made either.
    """
    state = identity_state(request.app)

    async def attempt() -> tuple[User, Started]:
        async with state.database.transaction() as db:
            user = await service.resolve(
                db, known, intent=intent, invitation=invitation, ip_hash=device.ip_hash, settings=state.settings
            )
            if (await factors.of(db, user.id)).on:
                raise SecondFactorNeeded(user.id)
            provider = known.provider
            return user, await sign_ins.start(db, user.id, device, method=provider, provider=provider)

    user, started = await settled(attempt)
    sign_ins.announce(tasks, state, user, device, started)
    return user, started
