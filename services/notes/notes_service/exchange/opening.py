"""What was sent as sources of an import: archives, and the files of a folder."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import PurePosixPath
from typing import BinaryIO

from starlette.datastructures import UploadFile

from notechondria_shared.core.file_names import suffix_of
from notes_service.exchange.archive import Archive, Folder, Source
from notes_service.exchange.limits import BadEntry, Limits, NoArchive
from notes_service.exchange.links import MARKDOWN
from notes_service.exchange.made_notes import spooled
from notes_service.exchange.readers.prepare import prepare
from notes_service.exchange.tar import Decompressor, Tar, is_gzip, is_tar

_ZIPS = frozenset({".zip", ".textpack", ".bearbk", ".bear2bk"})
_TARS = frozenset({".jex", ".tar", ".tgz"})
"""Each with or without gzip around it, whatever its name says; `.tar.gz` is `.tgz`."""
_ARCHIVES = _ZIPS | _TARS
_SINGLE = frozenset({*MARKDOWN, ".enex", ".txt", ".text", ".html", ".htm", ".xhtml", ".json", ".canvas", ".excalidraw"})
"""Files that are read by themselves; any other that comes alone is taken for a zip."""
MOST_INNER = 20
"""Archives within an archive, as Notion packs large exports in parts."""


def open_sources(uploads: Sequence[UploadFile], limits: Limits, stack: ExitStack) -> list[Source]:
    """Each archive is a source, all other files together are one.

    400 for an archive that cannot be read when it comes alone; of several, those that cannot are named.
    """
    sources: list[Source] = []
    decompressor = Decompressor(limits, stack)
    loose: list[UploadFile] = []
    damaged: list[tuple[str, str]] = []
    for upload in uploads:
        try:
            source = _archive(upload, limits, decompressor, alone=len(uploads) == 1)
        except NoArchive as refusal:
            if len(uploads) == 1:
                raise
            damaged.append((upload.filename or "", refusal.reason))
            continue
        if source:
            sources += _unfolded(source, limits, decompressor, stack)
        else:
            loose.append(upload)
    if loose or damaged:
        folder = Folder(loose, limits)
        folder.label = ", ".join(upload.filename or "" for upload in [*loose, *uploads][: len(loose) or 1])
        folder.left_out += damaged
        sources.append(folder)
    for source in sources:
        stack.callback(source.close)
        prepare(source)
    return sources


def _archive(upload: UploadFile, limits: Limits, decompressor: Decompressor, *, alone: bool) -> Source | None:
    """The archive that a file is; None for a file of a folder."""
    name = PurePosixPath((upload.filename or "").replace("\\", "/"))
    suffix = _suffix(name)
    if len(name.parts) > 1 and not alone:
        return None
    if suffix not in _ARCHIVES and (not alone or suffix in _SINGLE):
        return None
    source = _opened(suffix, upload.file, limits, decompressor)
    source.label = name.name
    return source


def _suffix(name: PurePosixPath) -> str:
    """The extension in small letters."""
    return ".tgz" if name.name.lower().endswith(".tar.gz") else suffix_of(name).lower()


def _opened(suffix: str, file: BinaryIO, limits: Limits, decompressor: Decompressor) -> Source:
    """The archive; what it begins with says more than a name that is none of a zip."""
    if suffix in _ZIPS:
        return Archive(file, limits)
    if is_gzip(file):
        return Tar(decompressor.unpacked(file), limits)
    return Tar(file, limits) if suffix in _TARS or is_tar(file) else Archive(file, limits)


def _unfolded(source: Source, limits: Limits, decompressor: Decompressor, stack: ExitStack) -> Iterator[Source]:
    """The source, or the archives in it when it holds nothing else that could be a note."""
    names = list(source.names())
    inner = [name for name in names if _suffix(PurePosixPath(name)) in _ARCHIVES]
    if not inner or len(inner) > MOST_INNER or any(suffix_of(name).lower() in _SINGLE for name in names):
        yield source
        return
    for name in inner:
        try:
            copy = spooled(source.chunks(name, limits.unpacked), stack)
        except BadEntry as problem:
            source.left_out.append((name, str(problem)))
            continue
        try:
            one = _opened(_suffix(PurePosixPath(name)), copy, limits, decompressor)
        except NoArchive as refusal:
            source.left_out.append((name, refusal.reason))
            continue
        one.label = name
        one.share(source)
        yield one
    if source.left_out:
        yield source
