"""Uploaded pictures are decoded before they are kept: a bomb or a script never is (identity §11.3, decision 8).

Needs the extra `pictures`, which services that take pictures name.
"""

from __future__ import annotations

import warnings
from typing import BinaryIO

MAX_PIXELS = 40_000_000
_EXTENSION_OF = {"PNG": ".png", "JPEG": ".jpg", "GIF": ".gif", "WEBP": ".webp", "BMP": ".bmp"}


class NoPicture(Exception):
    """The file is none, or one that cannot be read."""


class TooManyPixels(NoPicture):
    """It is one of more than MAX_PIXELS."""


def extension_of(file: BinaryIO) -> str:
    """The extension of what a file really is, with its dot. Raises `NoPicture`; run it off the event loop."""
    from PIL import Image, UnidentifiedImageError  # noqa: PLC0415 - few requests bring a picture: 3 MiB

    file.seek(0)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(file, formats=tuple(_EXTENSION_OF)) as image:
                # The header has the size before a single pixel is decoded.
                if image.width * image.height > MAX_PIXELS:
                    raise TooManyPixels
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
        raise NoPicture from None
