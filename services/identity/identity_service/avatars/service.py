"""Profile pictures (identity §11.3): every account has one, drawn from its name when none was given."""

from __future__ import annotations

import asyncio
import hashlib
import io
from contextlib import suppress

from identity_service.avatars import queries
from identity_service.events import publish
from identity_service.models import User
from notechondria_contracts.events.identity import UserUpdated
from notechondria_shared.core.errors import INVALID_TOKEN, StoreUnavailable, Unauthorized
from notechondria_shared.db import Database
from notechondria_shared.storage.media import MediaStore

SIZE = 256
_PALETTE = ("#0f766e", "#b45309", "#be123c", "#4338ca", "#15803d", "#0369a1", "#7e22ce", "#334155")


def default_path(user_id: int) -> str:
    """Where the picture of an account lies."""
    return f"user_upload/user_{user_id}/profile_pic/profile_latest.png"


def draw(name: str) -> bytes:
    """A 256 x 256 PNG: the first letter of the name on a colour that the name decides."""
    from PIL import Image, ImageDraw, ImageFont  # noqa: PLC0415 - only an account's first picture is drawn: 3 MiB

    colour = _PALETTE[hashlib.sha256(name.lower().encode()).digest()[0] % len(_PALETTE)]
    image = Image.new("RGB", (SIZE, SIZE), colour)
    letter = (name.strip() or "?")[0].upper()
    font = ImageFont.load_default(size=132)
    ImageDraw.Draw(image).text((SIZE / 2, SIZE / 2), letter, font=font, fill="white", anchor="mm")
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def folder_of(user_id: int) -> str:
    """Where all pictures of an account lie, with a slash at its end."""
    return default_path(user_id).removesuffix("profile_latest.png")


async def is_missing(media: MediaStore, path: str) -> bool:
    """True when the account has no picture or the file is gone; a store that is away is no reason to draw another."""
    try:
        return not path or not await media.exists(path)
    except StoreUnavailable:
        return False


async def provide(
    database: Database, media: MediaStore, *, user_id: int, name: str, path: str, publish_first: bool
) -> str:
    """The path of an account's picture; one that has none, or whose file is gone, gets a drawn one.

    Not to be called in a transaction: the store is asked first, then the row is changed. A first picture is published
    only with `publish_first`. 401 when the account was deleted meanwhile.
    """
    if not await is_missing(media, path):
        return path
    drawn = default_path(user_id)
    # Nobody is kept from signing in by a store that is away: the picture is drawn at a later look.
    with suppress(StoreUnavailable):
        await media.put(drawn, await asyncio.to_thread(draw, name))
    if drawn == path:
        return path
    async with database.transaction() as db:
        user = await db.get(User, user_id, with_for_update=True)
        if user is None:
            raise Unauthorized(INVALID_TOKEN)
        if user.image_path == path:  # else somebody gave a picture meanwhile
            user.image_path = drawn
            if path or publish_first:
                await publish(db, user.event(UserUpdated))
        return user.image_path


async def draw_missing(database: Database, media: MediaStore, user_id: int) -> None:
    """Draw the picture of an account that should have it, and has no file; nothing for other accounts."""
    account = await database.reader.one(queries.PICTURE, user_id=user_id)
    if account is not None and account.image_path in ("", default_path(user_id)):
        with suppress(Unauthorized):  # deleted meanwhile
            await provide(
                database, media, user_id=user_id, name=account.username, path=account.image_path, publish_first=True
            )
