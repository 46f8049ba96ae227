"""HTML taken apart: tags, texts, comments, in the order in which they stand (HTML Living Standard, 13.2.5).

In place of `html.parser`, which reads broken pages otherwise from 3.14.0, 3.13.4 and 3.12.11 on, and before that takes
time that grows with the square of a page's length: days for four megabytes of `<a <a <a`. Here each character is read
once, and a page alike on every Python. Two things are not as browsers have them, so that no text is lost: markup that
does not end is text, and `<x/>` is an element that ends at once, as in Evernote's XML.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from html.entities import html5
from typing import NamedTuple, Protocol

Attributes = list[tuple[str, str | None]]

_WITH_REFERENCES = frozenset(("title", "textarea"))
_RAW = frozenset(("script", "style", "xmp", "iframe", "noembed", "noframes", "plaintext"))
"""Elements that hold text up to their end tag; `plaintext` has none."""
_NAME = re.compile(r"[A-Za-z][^\t\n\r\f />]*+")
_ATTRIBUTE = re.compile(r"[\t\n\r\f /]*+([^\t\n\r\f />][^\t\n\r\f />=]*+)")
_EQUALS = re.compile(r"[\t\n\r\f ]*+=[\t\n\r\f ]*+")
_BARE = re.compile(r"[^\t\n\r\f >]*+")
_CLOSES = re.compile(r"[\t\n\r\f /]*+>")
_COMMENT_ENDS = re.compile(r"--!?>")
_LONG_NUMBER = re.compile(r"&#(?:[0-9]{8,}+|[xX][0-9a-fA-F]{8,}+);?")
"""No character has such a number, and `int` refuses the longest."""
_REFERENCE = re.compile(r"&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[A-Za-z][A-Za-z0-9]*+[;=]?)")


class Reader(Protocol):
    """Who gets the parts; the names are those of `html.parser`, which Beautiful Soup's own reader has."""

    def handle_starttag(self, tag: str, attrs: Attributes) -> None:
        """A tag like `<p>`."""

    def handle_startendtag(self, tag: str, attrs: Attributes) -> None:
        """A tag like `<p/>`."""

    def handle_endtag(self, tag: str) -> None:
        """A tag like `</p>`."""

    def handle_data(self, data: str) -> None:
        """Text."""

    def handle_comment(self, data: str) -> None:
        """`<!--...-->`, and what browsers take for one."""

    def handle_decl(self, decl: str) -> None:
        """`<!DOCTYPE ...>`."""

    def unknown_decl(self, data: str) -> None:
        """`<![CDATA[...]]>`."""

    def handle_pi(self, data: str) -> None:
        """`<?...>`."""


def read_html(text: str, reader: Reader) -> None:
    """Hand all parts of a page to a reader."""
    parts, at = _Parts(text, reader), 0
    while at < len(text):
        at = parts.after(at)
    parts.flush()


class _Tag(NamedTuple):
    name: str
    attributes: Attributes
    ends_at_once: bool
    end: int


class _Parts:
    def __init__(self, text: str, reader: Reader) -> None:
        self._text, self._reader = text, reader
        self._read: list[str] = []
        """Text that was not handed over yet."""

    def after(self, at: int) -> int:
        """Read a text, or what stands in one pair of angle brackets, and say where it ends."""
        text = self._text
        if text[at] != "<":
            end = text.find("<", at)
            return self._as_text(at, len(text) if end < 0 else end)
        sign = text[at + 1 : at + 2]
        if sign == "/":
            return self._end_tag(at)
        if sign == "!":
            return self._marked(at)
        if sign == "?":
            return self._up_to(">", at, 2, self._reader.handle_pi)
        return self._start_tag(at)

    def flush(self) -> None:
        """Hand over the text that was read."""
        if self._read:
            self._reader.handle_data(_with_characters("".join(self._read)))
            self._read.clear()

    def _as_text(self, at: int, end: int) -> int:
        self._read.append(self._text[at:end])
        return end

    def _start_tag(self, at: int) -> int:
        if not _NAME.match(self._text, at + 1):
            return self._as_text(at, at + 1)
        tag = self._tag(at + 1)
        if tag is None:
            return self._as_text(at, len(self._text))
        self.flush()
        if tag.ends_at_once:
            self._reader.handle_startendtag(tag.name, tag.attributes)
            return tag.end
        self._reader.handle_starttag(tag.name, tag.attributes)
        return self._content(tag.name, tag.end) if tag.name in _RAW | _WITH_REFERENCES else tag.end

    def _content(self, name: str, at: int) -> int:
        """The text in an element that holds nothing else; its end tag is read as any other is."""
        closes = None
        if name != "plaintext":
            closes = re.compile(rf"</{name}(?=[\t\n\r\f />])", re.IGNORECASE | re.ASCII).search(self._text, at)
        end = closes.start() if closes else len(self._text)
        if content := self._text[at:end]:
            self._reader.handle_data(_with_characters(content) if name in _WITH_REFERENCES else content)
        return end

    def _end_tag(self, at: int) -> int:
        if self._text.startswith("</>", at):
            return at + 3
        if not _NAME.match(self._text, at + 2):
            return self._up_to(">", at, 2, self._reader.handle_comment)
        tag = self._tag(at + 2)
        if tag is None:
            return self._as_text(at, len(self._text))
        self.flush()
        self._reader.handle_endtag(tag.name)
        return tag.end

    def _tag(self, at: int) -> _Tag | None:
        """The tag whose name begins there; None when it does not end."""
        text, attributes = self._text, Attributes()
        name = _NAME.match(text, at)
        end = name.end() if name else at
        while not (closes := _CLOSES.match(text, end)):
            attribute = _ATTRIBUTE.match(text, end)
            if attribute is None:
                return None
            value, end = self._value(attribute.end())
            if end < 0:
                return None
            attributes.append((attribute[1].lower(), value))
        return _Tag((name[0] if name else "").lower(), attributes, closes[0].endswith("/>"), closes.end())

    def _value(self, at: int) -> tuple[str | None, int]:
        """The value of the attribute whose name ends there, and where it ends: -1 when it does not."""
        text = self._text
        equals = _EQUALS.match(text, at)
        if equals is None:
            return None, at
        begin = equals.end()
        if text[begin : begin + 1] in {'"', "'"}:
            end = text.find(text[begin], begin + 1)
            return _with_characters(text[begin + 1 : end], in_value=True), end + 1 if end >= 0 else -1
        bare = _BARE.match(text, begin)
        end = bare.end() if bare else begin
        return _with_characters(text[begin:end], in_value=True), end

    def _marked(self, at: int) -> int:
        """A comment, a doctype, a piece of XML's text, and what is none of these."""
        text, reader = self._text, self._reader
        if text.startswith(("<!-->", "<!--->"), at):
            return text.index(">", at) + 1
        if text.startswith("<!--", at):
            ends = _COMMENT_ENDS.search(text, at + 4)
            return self._up_to(ends[0] if ends else "-->", at, 4, reader.handle_comment)
        if text.startswith("<![CDATA[", at):
            return self._up_to("]]>", at, 3, reader.unknown_decl)
        is_doctype = text[at + 2 : at + 9].lower() == "doctype"
        return self._up_to(">", at, 2, reader.handle_decl if is_doctype else reader.handle_comment)

    def _up_to(self, mark: str, at: int, opening: int, hand_over: Callable[[str], None]) -> int:
        """Hand over what stands between as many characters at the beginning and a mark; text when there is none."""
        end = self._text.find(mark, at + opening)
        if end < 0:
            return self._as_text(at, len(self._text))
        self.flush()
        hand_over(self._text[at + opening : end])
        return end + len(mark)


def _with_characters(text: str, *, in_value: bool = False) -> str:
    """Text with the characters that its references stand for."""
    if "&" not in text:
        return text
    text = _LONG_NUMBER.sub("\ufffd", text)
    return _REFERENCE.sub(_in_value, text) if in_value else html.unescape(text)


def _in_value(reference: re.Match[str]) -> str:
    """In values a name counts as a reference only as a whole, so that `?a=1&copy=2` is an address."""
    named = reference[0][1:]
    return html.unescape(reference[0]) if named[0] == "#" or named in html5 else reference[0]
