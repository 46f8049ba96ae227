"""What was sent as sources of an import: archives, and the files of a folder."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import PurePosixPath
from typing import BinaryIO, cast

from starlette.datastructures import UploadFile

from notes_service.exchange.archive import Archive, Folder, Source
from notes_service.exchange.limits import BadEntry, Limits, NoArchive
from notes_service.exchange.links import MARKDOWN
from notes_service.exchange.made_notes import SPOOLED
from notes_service.exchange.readers.prepare import prepare
from notes_service.exchange.tar import Tar, is_tar

_ZIPS = frozenset({".zip", ".textpack", ".bearbk", ".bear2bk"})
_TARS = frozenset({".jex", ".tar"})
_SINGLE = frozenset({*MARKDOWN, ".enex", ".txt", ".text", ".html", ".htm", ".xhtml", ".json", ".canvas", ".excalidraw"})
"""Files that are read by themselves; any other that comes alone is taken for a zip."""
MOST_INNER = 20
"""Archives within an archive, as Notion packs large exports in parts."""


def open_sources(uploads: Sequence[UploadFile], limits: Limits, stack: ExitStack) -> list[Source]:
    """Each archive is a source, all other files together are one.

    400 for an archive that cannot be read when it comes alone; of several, those that cannot are named.
    """
    sources: list[Source] = []
    loose: list[UploadFile] = []
    damaged: list[tuple[str, str]] = []
    for upload in uploads:
        try:
            source = _archive(upload, limits, alone=len(uploads) == 1)
        except NoArchive as refusal:
            if len(uploads) == 1:
                raise
            damaged.append((upload.filename or "", refusal.reason))
            continue
        if source:
            sources += _unfolded(source, limits, stack)
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


def _archive(upload: UploadFile, limits: Limits, *, alone: bool) -> Source | None:
    """The archive that a file is; None for a file of a folder."""
    name = PurePosixPath((upload.filename or "").replace("\\", "/"))
    suffix, file = name.suffix.lower(), upload.file
    if len(name.parts) > 1 and not alone:
        return None
    if suffix in _TARS or (alone and suffix not in _SINGLE and is_tar(file)):
        source: Source = Tar(file, limits)
    elif suffix in _ZIPS or (alone and suffix not in _SINGLE):
        source = Archive(file, limits)
    else:
        return None
    source.label = name.name
    return source


def _unfolded(source: Source, limits: Limits, stack: ExitStack) -> Iterator[Source]:
    """The source, or the archives in it when it holds nothing else that could be a note."""
    names = list(source.names())
    inner = [name for name in names if PurePosixPath(name).suffix.lower() in _ZIPS | _TARS]
    if not inner or len(inner) > MOST_INNER or any(PurePosixPath(name).suffix.lower() in _SINGLE for name in names):
        yield source
        return
    for name in inner:
        copy = tempfile.SpooledTemporaryFile(SPOOLED)  # noqa: SIM115 - closed with the source
        stack.callback(copy.close)
        try:
            for chunk in source.chunks(name, limits.unpacked):
                copy.write(chunk)
        except BadEntry as problem:
            source.left_out.append((name, str(problem)))
            continue
        copy.seek(0)
        kind = Tar if PurePosixPath(name).suffix.lower() in _TARS else Archive
        try:
            one: Source = kind(cast("BinaryIO", copy), limits)
        except NoArchive as refusal:
            source.left_out.append((name, refusal.reason))
            continue
        one.label = name
        one.share(source)
        yield one
    if source.left_out:
        yield source
