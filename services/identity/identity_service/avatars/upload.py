"""Uploaded profile pictures (identity §11.3): decoded before they are kept, so that a bomb or a script never is."""

from __future__ import annotations

import io
import secrets
from dataclasses import dataclass

from notechondria_shared.core.file_names import suffix_of
from notechondria_shared.storage.picture_metadata import without_metadata
from notechondria_shared.storage.pictures import MAX_PIXELS, NoPicture, TooManyPixels, extension_of

KNOWN_EXTENSIONS = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp"})
NOT_AN_IMAGE = "Upload a valid image. The file you uploaded was either not an image or a corrupted image."


class BadImage(Exception):
    """The file is no picture that may be kept; the text says why."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture to keep: its content without metadata, and its extension by what it really is."""

    extension: str
    data: bytes


def checked_picture(upload: tuple[str, bytes]) -> Picture:
    """What to keep of an uploaded file (its name, its content). Raises `BadImage`; run it off the event loop."""
    filename, data = upload
    extension = _extension(filename, data)
    cleaned = without_metadata(io.BytesIO(data))
    if cleaned is not None:
        with cleaned:
            data = cleaned.read()
    return Picture(extension, data)


def _extension(filename: str, data: bytes) -> str:
    if suffix_of(filename.lower()) not in KNOWN_EXTENSIONS:
        allowed = ", ".join(sorted(KNOWN_EXTENSIONS))
        message = f"Upload a picture with one of these extensions: {allowed}."
        raise BadImage(message)
    if not data:
        message = "The submitted file is empty."
        raise BadImage(message)
    try:
        return extension_of(io.BytesIO(data))
    except TooManyPixels:
        message = f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels."
        raise BadImage(message) from None
    except NoPicture:
        raise BadImage(NOT_AN_IMAGE) from None


def path_for(user_id: int, extension: str) -> str:
    """A new path for each upload, so that caches never show the old picture."""
    return f"user_upload/user_{user_id}/profile_pic/profile_latest_{secrets.token_hex(4)}{extension}"
