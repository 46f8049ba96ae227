"""Reads of the settings object."""

from __future__ import annotations

from sqlalchemy import bindparam, func, select

from identity_service.models import ApiKey, User
from notechondria_shared.db import prepare

_PREFIX = (
    select(ApiKey.prefix)
    .where(ApiKey.user_id == User.id, ApiKey.rotated, ApiKey.revoked_at.is_(None))
    .limit(1)
    .scalar_subquery()
)

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
        User.app_settings,
        User.app_settings_updated_at,
        func.coalesce(_PREFIX, "").label("api_key_prefix"),
    ).where(User.id == bindparam("user_id"))
)
