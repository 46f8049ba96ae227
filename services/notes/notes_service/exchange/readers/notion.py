"""Notion's export as Markdown & CSV: pages with their id behind the name, folders of the same name below them.

The id is the note's, so that links between pages lead to notes; it is no part of a title or course.
(https://www.notion.com/help/export-your-content)
"""

from __future__ import annotations

import re
from pathlib import PurePosixPath
from urllib.parse import unquote
from uuid import UUID

from notechondria_shared.core.file_names import stem_of, suffix_of
from notes_service.exchange import front_matter, links
from notes_service.exchange.archive import Source
from notes_service.exchange.limits import BadEntry
from notes_service.exchange.made_notes import MadeNote

_WITH_ID = re.compile(r"(?P<name>.*\S) (?P<id>[0-9a-f]{32})")


def read_notion(source: Source) -> None:
    """Make notes of the pages: their courses are the topmost pages or folders, without ids."""
    pages = {path: match for path in source.names() if (match := _page(path))}
    for path, match in pages.items():
        source.use([path])
        try:
            text = source.text(path)
        except BadEntry as problem:
            source.left_out.append((path, str(problem)))
            continue
        fields, body = front_matter.read(text)
        body = links.relinked(body, _to_pages(source, path, body))
        title = match["name"] if not body.lstrip().startswith("# ") else ""
        more = {"uuid": str(UUID(match["id"])), "course": _course(source, path), **({"title": title} if title else {})}
        source.made.add(path, MadeNote(body, {**more, **fields}))


def _page(path: str) -> re.Match[str] | None:
    pure = PurePosixPath(path)
    return _WITH_ID.fullmatch(stem_of(pure)) if suffix_of(pure) == ".md" else None


def _to_pages(source: Source, path: str, body: str) -> dict[str, str]:
    """New targets of the links that lead to pages of this export."""
    pages: dict[str, str] = {}
    for target in links.targets(body):
        linked = PurePosixPath(unquote(target.partition("#")[0]))
        match = _page(str(linked))
        if match and source.find(links.joined(PurePosixPath(path).parent, linked)):
            pages[target] = f"#/notes/{UUID(match['id'])}"
    return pages


def _course(source: Source, path: str) -> str:
    inside = path.removeprefix(f"{source.root}/") if source.root else path
    folder = inside.split("/")[0] if "/" in inside else ""
    match = _WITH_ID.fullmatch(folder)
    return match["name"] if match else folder
