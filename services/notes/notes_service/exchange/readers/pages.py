"""Plain texts and HTML pages: notes where there is no note of another form, so that attachments stay attachments."""

from __future__ import annotations

from pydantic import JsonValue

from notechondria_shared.core.file_names import stem_of, suffix_of
from notechondria_shared.web.body import TEXT_LIMIT
from notes_service.exchange import links
from notes_service.exchange.archive import Source
from notes_service.exchange.limits import BadEntry
from notes_service.exchange.made_notes import MadeNote
from notes_service.exchange.markup import to_markdown
from notes_service.exchange.reading import folder_course

_TEXTS, _PAGES = frozenset({".txt", ".text"}), frozenset({".html", ".htm", ".xhtml"})


def read_pages(source: Source) -> None:
    """A note for each text and page."""
    names = list(source.names())
    if list(source.made) or any(suffix_of(name).lower() in links.MARKDOWN for name in names):
        return
    for path in names:
        suffix = suffix_of(path).lower()
        if suffix in _TEXTS | _PAGES:
            source.use([path])
            try:
                text = decoded(source.read(path, TEXT_LIMIT))
            except BadEntry as problem:
                source.left_out.append((path, str(problem)))
                continue
            body, title = to_markdown(text) if suffix in _PAGES else (text, "")
            # A text that begins with `#` has no heading: it is no markdown.
            fields: dict[str, JsonValue] = {"course": folder_course(path, source.root)}
            fields["title"] = title or stem_of(path)
            source.made.add(path, MadeNote(body, fields))


def decoded(data: bytes) -> str:
    """A text in the letters that it says it has by its first bytes, else UTF-8, else those of Windows."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", errors="replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", errors="replace")
