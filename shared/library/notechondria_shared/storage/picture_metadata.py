"""Pictures lose what cameras write into them: where it was taken, when and with what (decision 48).

The pixels of JPEG, PNG and WebP files stay as they are, byte for byte: only the pieces of the container that hold
metadata are left out (JPEG: markers of ITU-T T.81; PNG: chunks of W3C PNG 3; WebP: RFC 9649). A picture that is turned
only by its metadata is turned first, and encoded anew. Colour profiles stay. All functions block: run them off the
event loop.
"""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator
from os import SEEK_END
from typing import IO, BinaryIO

from notechondria_shared.storage.pictures import MAX_PIXELS, NoPicture, extension_of

SPOOLED = 1024 * 1024
"""Bytes of a cleaned picture that stay in memory; larger ones are on disk."""
_ORIENTATION = 0x0112
_QUALITY = 95
_JPEG_DROPPED = {0xE1, 0xED, 0xFE}
"""APP1 (Exif, XMP), APP13 (IPTC) and comments."""
_PNG_DROPPED = {b"eXIf", b"tEXt", b"zTXt", b"iTXt", b"tIME"}
_WEBP_DROPPED = {b"EXIF", b"XMP "}
_WEBP_FLAGS = 0x08 | 0x04
"""Of the chunk VP8X: the file has Exif, has XMP."""
_COPY = 256 * 1024


def without_metadata(file: BinaryIO) -> IO[bytes] | None:
    """The picture in `file` without metadata, as a new file at its beginning; None when there is nothing to take out.

    None as well for what is no JPEG, PNG or WebP file, or a damaged one: it is kept as it came.
    """
    file.seek(0)
    start = file.read(16)
    file.seek(0)
    if start.startswith(b"\xff\xd8"):
        pieces = _jpeg
    elif start.startswith(b"\x89PNG\r\n\x1a\n"):
        pieces = _png
    elif start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        pieces = _webp
    else:
        return None
    if (turned := _turned(file)) is not None:
        return turned
    file.seek(0)
    cleaned = tempfile.SpooledTemporaryFile(SPOOLED)  # noqa: SIM115 - the caller closes it
    try:
        dropped = False
        for piece, kept in pieces(file):
            dropped = dropped or not kept
            if kept:
                cleaned.write(piece)
    except (ValueError, struct.error):
        dropped = False
    if not dropped:
        cleaned.close()
        return None
    if pieces is _webp:
        size = cleaned.seek(0, SEEK_END)
        cleaned.seek(4)
        cleaned.write(struct.pack("<I", size - 8))
    cleaned.seek(0)
    return cleaned


def _turned(file: BinaryIO) -> IO[bytes] | None:
    """The picture upright and without metadata; None when it is upright already, or cannot be decoded."""
    from PIL import Image, ImageOps  # noqa: PLC0415 - as in pictures.py

    try:
        with Image.open(file) as header:
            if header.getexif().get(_ORIENTATION, 1) == 1 or getattr(header, "is_animated", False):
                return None
            if header.width * header.height > MAX_PIXELS:
                return None
        extension_of(file)  # decodes it: a damaged one is kept as it came
        file.seek(0)
        with Image.open(file) as image:
            profile, kind = image.info.get("icc_profile"), image.format
            upright = ImageOps.exif_transpose(image)
        upright.info.clear()
        copy = tempfile.SpooledTemporaryFile(SPOOLED)  # noqa: SIM115 - the caller closes it
        upright.save(copy, kind, quality=_QUALITY, icc_profile=profile, exif=b"")
    except (OSError, ValueError, SyntaxError, NoPicture, Image.DecompressionBombError):
        return None
    copy.seek(0)
    return copy


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) != size:
        raise ValueError
    return data


def _rest(file: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    while data := file.read(_COPY):
        yield data, True


def _jpeg(file: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    yield _exactly(file, 2), True
    while True:
        mark = _exactly(file, 2)
        if mark[0] != 0xFF:
            raise ValueError
        if mark[1] == 0xDA:  # the pixels begin; what follows has no segments
            yield mark, True
            yield from _rest(file)
            return
        if mark[1] == 0xFF:  # a filling byte
            file.seek(-1, 1)
            continue
        length = _exactly(file, 2)
        size = struct.unpack(">H", length)[0]
        if size < 2:
            raise ValueError
        yield mark + length + _exactly(file, size - 2), mark[1] not in _JPEG_DROPPED


def _png(file: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    yield _exactly(file, 8), True
    while head := file.read(8):
        if len(head) != 8:
            raise ValueError
        size, kind = struct.unpack(">I", head[:4])[0], head[4:]
        kept = kind not in _PNG_DROPPED
        yield head, kept
        yield from _copied(file, size + 4, kept=kept)
        if kind == b"IEND":  # what is behind it is no part of the picture
            yield b"", not file.read(1)
            return


def _webp(file: BinaryIO) -> Iterator[tuple[bytes, bool]]:
    head = _exactly(file, 12)
    yield head, True
    left = struct.unpack("<I", head[4:8])[0] - 4
    while left >= 8:
        chunk = _exactly(file, 8)
        kind, size = chunk[:4], struct.unpack("<I", chunk[4:])[0]
        padded = size + size % 2
        left -= 8 + padded
        if kind == b"VP8X":
            data = bytearray(_exactly(file, padded))
            data[0] &= ~_WEBP_FLAGS & 0xFF
            yield chunk + bytes(data), True
            continue
        kept = kind not in _WEBP_DROPPED
        yield chunk, kept
        yield from _copied(file, padded, kept=kept)


def _copied(file: BinaryIO, size: int, *, kept: bool) -> Iterator[tuple[bytes, bool]]:
    while size > 0:
        data = _exactly(file, min(size, _COPY))
        size -= len(data)
        yield data, kept
