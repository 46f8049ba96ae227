"""Bytes of a calendar to text (RFC 5545 §3.1): whatever a program wrote, it is read, and said when it was a guess."""

from __future__ import annotations

import codecs
import re

from planner_service.calendars.lines import is_indented

_FOLD = re.compile(rb"(?:\r\n|\n|\r)[ \t]")
# What programs still write; Python knows more, among them some that are no character set (`idna`, `unicode_escape`).
_CHARSETS = re.compile(
    r"utf-?(?:8|16|32)(?:[-_]?[bl]e)?|iso-?8859-?\d{1,2}|windows-?125\d|cp-?125\d|latin-?1|us-?ascii|koi8-?[ru]|macintosh|"
    r"shift[-_]?jis|euc-?(?:jp|kr)|iso-?2022-?jp|gb2312|gbk|gb18030|big5"
)
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"),
)  # fmt: skip
FALLBACK = "windows-1252"
GUESSED = f"It is not encoded in UTF-8; it was read as {FALLBACK}."


def decode(body: bytes, declared: str = "") -> tuple[str, str | None]:
    """The text, and a sentence when the characters were guessed. `declared` is the charset of the Content-Type.

    A mark at the beginning counts, then UTF-8 (what is valid UTF-8 is nothing else, unless it is an encoding of seven
    bits), then what was declared, then windows-1252.
    """
    for mark, name in _MARKS:
        if body.startswith(mark) and (text := _decoded(body, name)) is not None:
            return text, None
    charset = declared.strip().strip("\"'").lower()
    charset = charset if _CHARSETS.fullmatch(charset) else ""
    seven_bits = b"\x1b" in body or b"\x00" in body
    if seven_bits and charset and (text := _decoded(body, charset)) is not None:
        return text, None
    if (text := _utf8(body)) is not None:
        return text, None
    if charset and (text := _decoded(body, charset)) is not None:
        return text, None
    return body.decode(FALLBACK, "replace"), GUESSED


def _utf8(body: bytes) -> str | None:
    text = _decoded(body, "utf-8-sig")
    if text is None:
        # RFC 5545 §3.1 lets programs fold a line between the bytes of one character.
        joined = _FOLD.sub(b"", body)
        text = None if is_indented(body.decode("latin-1")) else _decoded(joined, "utf-8-sig")
    return text


def _decoded(body: bytes, charset: str) -> str | None:
    try:
        return body.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return None
