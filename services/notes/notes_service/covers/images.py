"""Cover pictures are decoded before they are kept, so that a bomb or a script never is (decisions 8)."""

from __future__ import annotations

import warnings
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

MAX_PIXELS = 40_000_000
_EXTENSION_OF = {"PNG": ".png", "JPEG": ".jpg", "GIF": ".gif", "WEBP": ".webp", "BMP": ".bmp"}


def extension_of(file: BinaryIO) -> str | None:
    """The extension of what the picture really is; None when it is none. Takes a while: off the event loop."""
    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=tuple(_EXTENSION_OF)) as image:
                # The header tells the size before a single pixel is decoded.
                if image.width * image.height > MAX_PIXELS:
                    return None
                image.load()
                return _EXTENSION_OF.get(image.format or "")
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
        OSError,
        ValueError,
        SyntaxError,
    ):
        return None
