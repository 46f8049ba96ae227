"""Taking off what compresses an answer (RFC 9110 §8.4): a chunk at a time, and never more than may be read."""

from __future__ import annotations

import codecs
import io
import zlib
from collections.abc import Callable, Iterator

from notechondria_shared.core.optional_libraries import allow

OFFERED = "gzip, deflate, br, zstd"
_CHUNK = 64 * 1024
_CALENDAR = b"BEGIN:VCALENDAR"
_BEFORE = codecs.BOM_UTF8 + b" \t\r\n"
_GZIP = b"\x1f\x8b"
_RAW, _WRAPPED, _MEMBER = -15, 15, 31
"""Forms of zlib: without header, with its own, and a member of a gzip file."""
_MOST = 3
"""Encodings one over the other."""
# What servers put there although it is a charset, or says that there is nothing.
_NONE = frozenset({"", "identity", "utf-8", "utf8", "none", "binary", "7bit", "8bit"})


class UnknownEncodingError(Exception):
    """A way of compressing that is not known; the text is its name."""


class BrokenEncodingError(Exception):
    """The bytes are not what their encoding says."""


class CutOffError(Exception):
    """The bytes end too early."""


class TooLargeError(Exception):
    """There are more bytes than may be read."""


def decoded(body: bytes, encodings: str, most: int) -> bytes:
    """The body without its encodings, the last one first; at most `most` bytes at each step, else `TooLargeError`."""
    names = [name.partition(";")[0].strip().strip('"').lower() for name in encodings.split(",")]
    names = [name for name in names if name not in _NONE]
    if len(names) > _MOST:
        raise UnknownEncodingError(encodings[:20])
    for name in reversed(names):
        if body[:100].lstrip(_BEFORE).startswith(_CALENDAR):
            break  # whatever is said of it: many servers name what they did not do
        body = _taken_off(name, body, most)
    # A file that was put there as it is: no calendar begins like this.
    return _joined(_gzip(body), most) if body.startswith(_GZIP) else body


def _taken_off(name: str, body: bytes, most: int) -> bytes:
    if (decoder := _DECODERS.get(name)) is None:
        if body.startswith(_GZIP):
            return body
        raise UnknownEncodingError(name[:20])
    try:
        return _joined(decoder(body), most)
    except BrokenEncodingError:
        if body.startswith(_GZIP) and decoder is not _gzip:
            return body
        raise


def _joined(pieces: Iterator[bytes], most: int) -> bytes:
    joined = bytearray()
    for piece in pieces:
        joined += piece
        if len(joined) > most:
            raise TooLargeError
    return bytes(joined)


def _inflated(body: bytes, form: int) -> Iterator[bytes]:
    """What is compressed with zlib; of several members of a gzip file all (RFC 1952 §2.2)."""
    while True:
        inflate = zlib.decompressobj(wbits=form)
        rest = body
        try:
            while not inflate.eof and (rest or inflate.unconsumed_tail):
                piece = inflate.decompress(rest, _CHUNK)
                rest = inflate.unconsumed_tail
                if not piece and not rest:
                    break
                yield piece
        except zlib.error as error:
            raise BrokenEncodingError from error
        if not inflate.eof:
            raise CutOffError
        body = inflate.unused_data
        if form != _MEMBER or not body.startswith(_GZIP):
            return


def _gzip(body: bytes) -> Iterator[bytes]:
    return _inflated(body, _MEMBER)


def _deflate(body: bytes) -> Iterator[bytes]:
    """With the header that HTTP asks for, or without, as many servers send it."""
    has_header = len(body) > 1 and body[0] & 0x0F == zlib.DEFLATED and int.from_bytes(body[:2], "big") % 31 == 0
    return _inflated(body, _WRAPPED if has_header else _RAW)


def _brotli(body: bytes) -> Iterator[bytes]:
    allow("brotli")
    import brotli  # noqa: PLC0415 - only a few servers send it, and it costs memory

    decompressor = brotli.Decompressor()
    try:
        piece = decompressor.process(body, output_buffer_limit=_CHUNK)
        while piece:
            yield piece
            piece = decompressor.process(b"", output_buffer_limit=_CHUNK)
    except brotli.error as error:
        raise BrokenEncodingError from error
    if not decompressor.is_finished():
        raise CutOffError


def _zstd(body: bytes) -> Iterator[bytes]:
    allow("zstandard")
    import zstandard  # noqa: PLC0415 - as above

    # RFC 9659: of a window larger than this no client has to take anything.
    reader = zstandard.ZstdDecompressor(max_window_size=8 * 1024 * 1024).stream_reader(
        io.BytesIO(body), read_across_frames=True
    )
    try:
        while piece := reader.read(_CHUNK):
            yield piece
    except zstandard.ZstdError as error:
        raise BrokenEncodingError from error


_DECODERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gzip, "x-gzip": _gzip, "deflate": _deflate, "br": _brotli, "zstd": _zstd,
}  # fmt: skip
