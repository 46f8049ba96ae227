"""Uploaded profile pictures (identity §11.3): decoded before they are kept, so that a bomb or a script never is."""

from __future__ import annotations

import io
import secrets
import warnings
from pathlib import PurePosixPath

from PIL import Image, UnidentifiedImageError

LIMIT = 10 * 1024 * 1024
"""Bytes."""
MAX_PIXELS = 40_000_000
KNOWN_EXTENSIONS = frozenset({".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp"})
_EXTENSION_OF = {"PNG": ".png", "JPEG": ".jpg", "GIF": ".gif", "WEBP": ".webp", "BMP": ".bmp"}
NOT_AN_IMAGE = "Upload a valid image. The file you uploaded was either not an image or a corrupted image."


class BadImage(Exception):
    """The file is no picture that may be kept; the text says why."""


def checked_extension(filename: str, data: bytes) -> str:
    """The extension to keep a picture under, by what it really is. Raises `BadImage`; run it off the event loop."""
    if PurePosixPath(filename.lower()).suffix not in KNOWN_EXTENSIONS:
        allowed = ", ".join(sorted(KNOWN_EXTENSIONS))
        message = f"Upload a picture with one of these extensions: {allowed}."
        raise BadImage(message)
    if not data:
        message = "The submitted file is empty."
        raise BadImage(message)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=tuple(_EXTENSION_OF)) as image:
                # The header tells the size before a single pixel is decoded.
                if image.width * image.height > MAX_PIXELS:
                    message = f"The picture has more than {MAX_PIXELS // 1_000_000} million pixels."
                    raise BadImage(message)
                image.load()
                return _EXTENSION_OF[image.format or ""]
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
        OSError,
        ValueError,
        KeyError,
        SyntaxError,
    ):
        raise BadImage(NOT_AN_IMAGE) from None


def path_for(user_id: int, extension: str) -> str:
    """A new path for each upload, so that caches never show the old picture."""
    return f"user_upload/user_{user_id}/profile_pic/profile_latest_{secrets.token_hex(4)}{extension}"
