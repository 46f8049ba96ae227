"""Bytes of a calendar to text (RFC 5545 §3.1): whatever a program wrote, it is read, and said when it was a guess."""

from __future__ import annotations

import codecs
import re

from planner_service.calendars.lines import is_indented

_FOLD = re.compile(rb"(?:\r+\n?|\n)[ \t]")
# What programs still write; Python knows more, among them some that are no character set (`idna`, `unicode_escape`).
_CHARSETS = re.compile(
    r"utf-?(?:8|16|32)(?:[-_]?[bl]e)?|iso-?8859-?\d{1,2}|windows-?125\d|cp-?125\d|latin-?1|us-?ascii|koi8-?[ru]|macintosh|"
    r"shift[-_]?jis|euc-?(?:jp|kr)|iso-?2022-?jp|gb2312|gbk|gb18030|big5|mac-?roman|cp932|cp949|cp874|cp8\d\d"
)
# What is called so is, in what programs write, a larger set, with which browsers read it too (WHATWG Encoding).
_MEANT = {
    "iso-8859-1": "windows-1252", "iso8859-1": "windows-1252", "latin1": "windows-1252", "latin-1": "windows-1252",
    "us-ascii": "windows-1252", "shift_jis": "cp932", "shift-jis": "cp932", "windows-31j": "cp932", "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949", "gb2312": "gb18030", "gbk": "gb18030", "x-mac-roman": "mac-roman", "tis-620": "cp874",
    "windows-874": "cp874", "ibm850": "cp850", "ibm437": "cp437", "iso-8859-9": "windows-1254",
}  # fmt: skip
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"), (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"),
    # Without a mark: the letters of BEGIN are ASCII.
    (b"B\0\0\0", "utf-32-le"), (b"\0\0\0B", "utf-32-be"), (b"B\0E\0", "utf-16-le"), (b"\0B\0E", "utf-16-be"),
)  # fmt: skip
_MARK = "\ufeff"
_CHARACTER = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_ASCII = bytes(range(0x80))
_MOST_STRANGE = 100_000
"""Bytes that are looked at one by one."""
FALLBACK = "windows-1252"
GUESSED = f"It is not encoded in UTF-8; it was read as {FALLBACK}."
MIXED = f"Some of its characters are not encoded in UTF-8; those were read as {FALLBACK}."
BROKEN = "Some of its characters cannot be read."


def _strange(error: UnicodeError) -> tuple[str, int]:
    """The bytes that are not UTF-8, read as what they most probably are."""
    if not isinstance(error, UnicodeDecodeError):
        raise error
    return error.object[error.start : error.end].decode(FALLBACK, "replace"), error.end


codecs.register_error("planner.strange", _strange)


def decode(body: bytes, declared: str = "") -> tuple[str, str | None]:
    """The text, and a sentence when the characters were guessed. `declared` is the charset of the Content-Type.

    A mark at the beginning counts, then UTF-8 (what is valid UTF-8 is nothing else, unless it is an encoding of seven
    bits), then what was declared, then windows-1252: of the whole, or of what is not UTF-8 where most is.
    """
    text, note = _text(body, declared)
    return text.lstrip(_MARK), note


def _text(body: bytes, declared: str) -> tuple[str, str | None]:
    for mark, name in _MARKS:
        if body.startswith(mark):
            whole = _decoded(body, name)
            return (body.decode(name, "replace"), BROKEN) if whole is None else (whole, None)
    charset = declared.strip().strip("\"'").lower()
    charset = _MEANT.get(charset, charset if _CHARSETS.fullmatch(charset) else "")
    seven_bits = b"\x1b" in body or b"\x00" in body
    if seven_bits and charset and (text := _decoded(body, charset)) is not None:
        return text, None
    if (text := _decoded(body, "utf-8")) is not None:
        return text, None
    # RFC 5545 §3.1 lets programs fold a line between the bytes of one character.
    joined = body if is_indented(body.decode("latin-1")) else _FOLD.sub(b"", body)
    for name in ("utf-8", charset):
        for tried in (body, joined):
            if name and (valid := _decoded(tried, name)) is not None:
                return valid, None
    rest, characters = _CHARACTER.subn(b"", joined)
    strange = len(rest.translate(None, _ASCII))
    if strange <= min(2 * characters, _MOST_STRANGE):
        return joined.decode("utf-8", "planner.strange"), MIXED
    return body.removeprefix(codecs.BOM_UTF8).decode(FALLBACK, "replace"), GUESSED


def _decoded(body: bytes, charset: str) -> str | None:
    try:
        return body.decode(charset)
    except (UnicodeDecodeError, LookupError):
        return None
