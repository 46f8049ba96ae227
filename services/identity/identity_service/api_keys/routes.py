"""Rotation of the API key (identity §9)."""

from __future__ import annotations

from fastapi import APIRouter

from identity_service.api_keys import service
from identity_service.api_keys.schemas import RotatedKey
from notechondria_shared.auth import LoggedIn
from notechondria_shared.database.engine import WriteSession

router = APIRouter(prefix="/api/v1/auth", tags=["api keys"])


@router.post("/rotate-api-key/")
async def rotate_api_key(caller: LoggedIn, session: WriteSession) -> RotatedKey:
    """Make a new key; the old one stops at once (identity §9)."""
    key = await service.rotate(session, caller.user_id)
    return RotatedKey(api_key=key, api_key_prefix=key[:8])
