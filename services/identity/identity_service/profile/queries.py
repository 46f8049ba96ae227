"""Reads of the settings object."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue
from sqlalchemy import bindparam, func, select

from identity_service.models import ApiKey, User
from notechondria_shared.db import prepare

_PREFIX = (
    select(ApiKey.prefix)
    .where(ApiKey.user_id == User.id, ApiKey.rotated, ApiKey.revoked_at.is_(None))
    .limit(1)
    .scalar_subquery()
)


@dataclass(slots=True)
class SettingsRow:
    """An account as the settings object shows it."""

    username: str
    first_name: str
    last_name: str
    email: str
    is_staff: bool
    is_superuser: bool
    motto: str
    social_link: str
    image_path: str
    editor_mode: str
    theme_preset: str
    theme_mode: str
    api_base_url: str
    mcp_skill_md: str
    display_name: str
    uncategorized_folder_name: str
    timezone: str
    last_seen_versions: dict[str, str]
    app_settings: dict[str, JsonValue]
    app_settings_updated_at: datetime | None
    sign_in_site_linked: bool
    api_key_prefix: str


SETTINGS = prepare(
    select(
        User.username,
        User.first_name,
        User.last_name,
        User.email,
        User.is_staff,
        User.is_superuser,
        User.motto,
        User.social_link,
        User.image_path,
        User.editor_mode,
        User.theme_preset,
        User.theme_mode,
        User.api_base_url,
        User.mcp_skill_md,
        User.display_name,
        User.uncategorized_folder_name,
        User.timezone,
        User.last_seen_versions,
        User.app_settings,
        User.app_settings_updated_at,
        User.sign_in_site_linked,
        func.coalesce(_PREFIX, "").label("api_key_prefix"),
    ).where(User.id == bindparam("user_id")),
    SettingsRow,
)
