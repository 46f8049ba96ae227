"""Changing the settings: the merge and mirror rules of identity §11.2."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Protocol

from pydantic import JsonValue
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.addresses.service import by_address, claim
from identity_service.events import publish
from identity_service.models import User
from identity_service.names import service as names
from identity_service.profile.schemas import ChangeSettings, Mirrored
from notechondria_contracts.events.identity import UserUpdated
from notechondria_shared.auth import Caller
from notechondria_shared.core.errors import ApiError, FieldErrors
from notechondria_shared.core.timestamps import now
from notechondria_shared.web.body import validate

MIRRORED = ("theme_preset", "theme_mode", "api_base_url")
PLAIN = (
    "username",
    "first_name",
    "last_name",
    "motto",
    "social_link",
    "editor_mode",
    "mcp_skill_md",
    "display_name",
    "uncategorized_folder_name",
    "timezone",
)
APPS_AT_MOST = 16
"""Entries of `last_seen_versions` (apps §6)."""
SETTINGS_LIMIT = 256 * 1024
"""Bytes of the stored `app_settings` as JSON."""


def _refusal(field: str, cause: str) -> str:
    return f"Settings kept: Backend.Creators.Settings/update.validate_{field} — {cause}"


class HasSettings(Protocol):
    """An account, as a row or as an entity."""

    theme_preset: str
    theme_mode: str
    api_base_url: str
    app_settings: dict[str, JsonValue]


def merged_settings(account: HasSettings) -> dict[str, JsonValue]:
    """The profile columns of an account, overlaid by the stored object (identity §11.2)."""
    columns: dict[str, JsonValue] = {
        "theme_preset": account.theme_preset,
        "theme_mode": account.theme_mode,
        "api_base_url": account.api_base_url,
    }
    return columns | account.app_settings


async def change(
    db: AsyncSession,
    user: User,
    body: ChangeSettings,
    image_path: str | None,
    problems: Mapping[str, list[str]],
    caller: Caller,
) -> None:
    """Apply a PATCH to a locked account; events are published when other services see a difference.

    400 with every failing field, those of the body (`problems`) among them: then nothing is changed. An
    API key does not change the address (decision 42).
    """
    caller.precondition.check({name: getattr(user, name) for name in PLAIN})
    visible = _visible(user)
    merged = _merged(user, body)
    versions = user.last_seen_versions | body.last_seen_versions
    refused = await _refused(db, user, body, by_session=caller.kind == "session")
    failing = {**problems, **refused, **_misfits(merged), **_too_many(versions)}
    if failing:
        raise FieldErrors(**failing)
    if _changes_address(user, body):
        await claim(db, user, body.email)
    for name in PLAIN:
        if body.sent(name):
            setattr(user, name, getattr(body, name))
    user.last_seen_versions = versions
    if image_path is not None:
        user.image_path = image_path
    if merged is not None:
        for name in MIRRORED:
            setattr(user, name, merged[name])
        user.app_settings = merged
        user.app_settings_updated_at = body.app_settings_updated_at or now()
    try:
        await db.flush()
    except IntegrityError:
        # Two changes at the same moment: the database decided.
        raise FieldErrors(username=_refusal("username", "this is already taken.")) from None
    if visible != _visible(user):
        await publish(db, user.event(UserUpdated))


def _visible(user: User) -> tuple[str, ...]:
    """What other services keep of an account."""
    return user.username, user.image_path, user.editor_mode, user.timezone


def _changes_address(user: User, body: ChangeSettings) -> bool:
    return body.sent("email") and body.email != user.email.lower()


async def _refused(db: AsyncSession, user: User, body: ChangeSettings, *, by_session: bool) -> dict[str, list[str]]:
    problems: dict[str, list[str]] = {}
    if body.sent("username") and body.username.lower() != user.username.lower():
        problem = await names.problem_of(db, body.username, user.id)
        if await db.scalar(select(User.id).where(func.lower(User.username) == body.username.lower())) is not None:
            problem = "this is already taken."
        if problem:
            problems["username"] = [_refusal("username", problem)]
    if _changes_address(user, body):
        # An address that others only claim is free (decision 43).
        owner = await by_address(db, body.email)
        if owner is not None and owner.id != user.id:
            problems["email"] = [_refusal("email", "this is already taken.")]
    if not by_session and _changes_address(user, body):
        problems["email"] = [_refusal("email", "an API key may not change the address.")]
    return problems


def _too_many(versions: Mapping[str, str]) -> dict[str, list[str]]:
    if len(versions) <= APPS_AT_MOST:
        return {}
    return {"last_seen_versions": [_refusal("last_seen_versions", f"more than {APPS_AT_MOST} apps.")]}


def _merged(user: User, body: ChangeSettings) -> dict[str, JsonValue] | None:
    """The new `app_settings` (identity §11.2), None when the PATCH does not touch them."""
    sent = body.app_settings if body.sent("app_settings") else None
    top = {name: getattr(body, name) for name in MIRRORED if body.sent(name)}
    if not isinstance(sent, dict):
        sent = None
    if sent is None and not top:
        return None
    return merged_settings(user) | (sent or {}) | top


def _misfits(merged: dict[str, JsonValue] | None) -> dict[str, list[str]]:
    """(fix) What is mirrored into columns must fit them; what is stored must be of a sane size. Puts the three into
    the form that the columns get."""
    if merged is None:
        return {}
    try:
        mirrored = validate(Mirrored, {name: merged[name] for name in MIRRORED})
    except ApiError as refused:
        texts = [f"{name}: {text}" for name, messages in refused.body.items() for text in messages]
        return {"app_settings": texts}
    merged.update({name: getattr(mirrored, name) for name in MIRRORED})
    if len(json.dumps(merged, ensure_ascii=False).encode()) > SETTINGS_LIMIT:
        return {"app_settings": [_refusal("app_settings", f"more than {SETTINGS_LIMIT // 1024} KiB.")]}
    return {}
