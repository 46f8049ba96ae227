"""The readers of other programs' forms, one after the other over the files of an import."""

from __future__ import annotations

from notes_service.exchange.archive import Source
from notes_service.exchange.readers.evernote import read_enex
from notes_service.exchange.readers.joplin import read_joplin
from notes_service.exchange.readers.keep import read_keep
from notes_service.exchange.readers.notion import read_notion
from notes_service.exchange.readers.pages import read_pages
from notes_service.exchange.readers.reader import Reader
from notes_service.exchange.readers.textbundle import read_textbundles

READERS: tuple[Reader, ...] = (read_joplin, read_enex, read_keep, read_textbundles, read_notion, read_pages)
"""In this order: plain texts and pages are looked at when nothing else was there."""


def prepare(source: Source) -> None:
    """Let each reader take what is its own; an export of ours has nothing for them."""
    if not source.is_own:
        for read in READERS:
            read(source)
