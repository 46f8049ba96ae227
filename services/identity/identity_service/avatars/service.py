"""Profile pictures (identity §11.3): every account has one, drawn from its name when none was given."""

from __future__ import annotations

import asyncio
import hashlib
import io
from contextlib import suppress

from PIL import Image, ImageDraw, ImageFont

from identity_service.models import User
from notechondria_shared.core.errors import StoreUnavailable
from notechondria_shared.storage.media import MediaStore

SIZE = 256
_PALETTE = ("#0f766e", "#b45309", "#be123c", "#4338ca", "#15803d", "#0369a1", "#7e22ce", "#334155")


def default_path(user_id: int) -> str:
    """Where the picture of an account lies."""
    return f"user_upload/user_{user_id}/profile_pic/profile_latest.png"


def draw(name: str) -> bytes:
    """A 256 x 256 PNG: the first letter of the name on a colour that the name decides."""
    colour = _PALETTE[hashlib.sha256(name.lower().encode()).digest()[0] % len(_PALETTE)]
    image = Image.new("RGB", (SIZE, SIZE), colour)
    letter = (name.strip() or "?")[0].upper()
    font = ImageFont.load_default(size=132)
    ImageDraw.Draw(image).text((SIZE / 2, SIZE / 2), letter, font=font, fill="white", anchor="mm")
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


async def discard_all(media: MediaStore, user_id: int) -> None:
    """Delete every picture of an account that is gone."""
    await media.delete_under(default_path(user_id).rpartition("/")[0])


async def is_missing(media: MediaStore, path: str) -> bool:
    """True when the account has no picture or the file is gone; a store that is away is no reason to draw another."""
    try:
        return not path or not await media.exists(path)
    except StoreUnavailable:
        return False


async def ensure(media: MediaStore, user: User) -> bool:
    """Give the account a picture when it has none or the file is gone; True when `image_path` changed."""
    if not await is_missing(media, user.image_path):
        return False
    path = default_path(user.id)
    # Nobody is kept from signing in by a store that is away: the picture is drawn at a later look.
    with suppress(StoreUnavailable):
        await media.put(path, await asyncio.to_thread(draw, user.username))
    changed = user.image_path != path
    user.image_path = path
    return changed
