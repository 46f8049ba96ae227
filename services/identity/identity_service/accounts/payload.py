"""The user object and the AuthPayload (identity §5)."""

from __future__ import annotations

from fastapi import Request

from identity_service.accounts.schemas import AuthPayload, UserObject
from identity_service.avatars import service as avatars
from identity_service.models import Session, User
from identity_service.profile.service import merged_settings
from identity_service.sessions import queries
from identity_service.sessions.schemas import session_block
from identity_service.state import identity_state
from notechondria_shared.core.timestamps import iso_offset_or_none, now
from notechondria_shared.web.media_url import media_url


def display_name(user: User) -> str:
    """The chosen name (apps §6), else first and last name, else the user name."""
    return user.display_name or f"{user.first_name} {user.last_name}".strip() or user.username


def user_object(request: Request, user: User) -> UserObject:
    """The user inside an AuthPayload (identity §5.1)."""
    columns = {name: getattr(user, name) for name in UserObject.model_fields if hasattr(user, name)}
    return UserObject(
        **columns
        | {
            "display_name": display_name(user),
            "image_url": media_url(request, user.image_path),
            "app_settings": merged_settings(user),
            "app_settings_updated_at": iso_offset_or_none(user.app_settings_updated_at),
        }
    )


async def auth_payload(request: Request, user: User, token: str, row: Session) -> AuthPayload:
    """Token, session, other devices, user (identity §5.2); the account gets its picture here if it has none.

    To be called after the transaction of the sign-in: the media store is asked.
    """
    state = identity_state(request.app)
    # The other services already know the path of an account's first picture.
    user.image_path = await avatars.provide(
        state.database,
        state.media,
        user_id=user.id,
        name=user.username,
        path=user.image_path,
        publish_first=False,
    )
    others = await state.database.reader.value(queries.OTHERS, user_id=user.id, session_id=row.id, now=now()) or 0
    return AuthPayload(
        token=token,
        session=session_block(row),
        multi_device=others > 0,
        other_sessions_count=others,
        user=user_object(request, user),
    )
