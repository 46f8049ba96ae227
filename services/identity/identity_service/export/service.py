"""Everything every service holds on a user, as members of one zip (JSON documents plus files)."""

from __future__ import annotations

import json
import logging
from collections.abc import AsyncIterator

import httpx
from pydantic import JsonValue
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from identity_service.accounts.payload import display_name
from identity_service.api_keys.schemas import KeyRow
from identity_service.authorization_models import OAuthClient, OAuthGrant
from identity_service.export.protection import protection_data
from identity_service.models import ApiKey, Session, SocialAccount, User
from identity_service.profile.service import merged_settings
from identity_service.settings import IdentitySettings
from notechondria_contracts.clients.base import AUDIENCE
from notechondria_shared.core.timestamps import iso_offset, iso_offset_or_none, now
from notechondria_shared.core.version import product_version
from notechondria_shared.storage.media import MediaStore
from notechondria_shared.web.zip_stream import Member

logger = logging.getLogger("notechondria.export")
EXPORT_SECONDS = 120.0
ABOUT = """This archive holds everything Notechondria keeps of your account.

account.json     the account, its settings, devices, API keys (without the keys), programs, linked sign-ins, its second
                 factor and app passwords (without secrets), its security log
<service>.json   what each other service holds
files/           your files, under the paths that the documents name
manifest.json    when this was made, and which service could not be asked
"""


async def account_data(db: AsyncSession, user: User) -> dict[str, object]:
    """What identity itself holds; no hash of any secret."""
    devices = await db.scalars(select(Session).where(Session.user_id == user.id).order_by(Session.id))
    keys = await db.scalars(select(ApiKey).where(ApiKey.user_id == user.id).order_by(ApiKey.id))
    programs = await db.execute(
        select(OAuthGrant, OAuthClient)
        .join(OAuthClient, OAuthClient.id == OAuthGrant.client_id)
        .where(OAuthGrant.user_id == user.id, OAuthGrant.redeemed_at.is_not(None))
        .order_by(OAuthGrant.id)
    )
    links = await db.scalars(select(SocialAccount).where(SocialAccount.user_id == user.id))
    plain = ("id", "username", "email", "first_name", "last_name", "motto", "social_link", "image_path", "editor_mode")
    return {
        **{name: getattr(user, name) for name in plain},
        "verified_email": user.verified_email,
        "display_name": display_name(user),
        "is_staff": user.is_staff,
        "is_superuser": user.is_superuser,
        "mcp_skill_md": user.mcp_skill_md,
        "uncategorized_folder_name": user.uncategorized_folder_name,
        "timezone": user.timezone,
        "last_seen_versions": user.last_seen_versions,
        "app_settings": merged_settings(user),
        "app_settings_updated_at": iso_offset_or_none(user.app_settings_updated_at),
        "date_joined": iso_offset(user.date_joined),
        "sessions": [
            {
                "device_label": row.device_label,
                "user_agent": row.user_agent,
                "created_at": iso_offset(row.created_at),
                "last_seen_at": iso_offset(row.last_seen_at),
                "revoked_at": iso_offset_or_none(row.revoked_at),
            }
            for row in devices
        ],
        "api_keys": [KeyRow.of(row).model_dump() for row in keys],
        "programs": [
            {
                "program": client.name or client.client_id,
                "scopes": grant.scopes,
                "created_at": iso_offset(grant.created_at),
                "last_used_at": iso_offset_or_none(grant.last_used_at),
                "expires_at": iso_offset(grant.expires_at),
                "revoked_at": iso_offset_or_none(grant.revoked_at),
            }
            for grant, client in programs
        ],
        **await protection_data(db, user.id),
        "new_devices_only": user.new_devices_only,
        "social_accounts": [
            {
                "provider": row.provider,
                "provider_uid": row.provider_uid,
                "email": row.email,
                "extra": row.extra,
                "created_at": iso_offset(row.created_at),
            }
            for row in links
        ],
    }


class Exporter:
    """Gathers the parts of one user's export; a service that is away is named, the rest is sent all the same."""

    def __init__(self, http: httpx.AsyncClient, media: MediaStore, settings: IdentitySettings) -> None:
        self._http, self._media = http, media
        self._services = {"notes": settings.notes_url, "planner": settings.planner_url, "mcp": settings.mcp_url}

    async def members(self, user_id: int, image_path: str, account: dict[str, object]) -> AsyncIterator[Member]:
        """The files of the archive, one after the other."""
        files = [image_path] if image_path else []
        missing: dict[str, str] = {}
        yield "README.txt", ABOUT.encode()
        yield "account.json", _document(account)
        for name, url in self._services.items():
            document, problem = await self._ask(name, f"{url}/internal/users/{user_id}/export")
            if document is None:
                missing[name] = problem
                continue
            listed = document.get("files")
            files += [path for path in listed if isinstance(path, str)] if isinstance(listed, list) else []
            yield f"{name}.json", _document(document.get("data", {}))
        lost = []
        for path in dict.fromkeys(files):
            try:
                stored = await self._media.get(path)
            except ValueError:
                stored = None
            if stored is None:
                lost.append(path)
            else:
                yield f"files/{path}", stored.chunks()
        manifest = {
            "version": product_version(),
            "made_at": iso_offset(now()),
            "not_asked": missing,
            "files_not_found": lost,
        }
        yield "manifest.json", _document(manifest)

    async def _ask(self, name: str, url: str) -> tuple[dict[str, JsonValue] | None, str]:
        try:
            answer = await self._http.get(url, timeout=EXPORT_SECONDS, extensions={AUDIENCE: name})
            answer.raise_for_status()
            body = answer.json()
        except (httpx.HTTPError, ValueError) as error:
            logger.warning("export: %s: %r", url, error)
            return None, f"The service did not answer ({type(error).__name__}); try again later."
        return (body, "") if isinstance(body, dict) else (None, "The service sent no document.")


def _document(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=2).encode()
