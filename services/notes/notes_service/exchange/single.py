"""One note as a file: markdown, or a page for reading or printing in which nothing can run."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from html import escape
from typing import Literal
from urllib.parse import quote

from markdown_it import MarkdownIt
from starlette.responses import Response

from notechondria_shared.core.errors import BadRequest
from notes_service.exchange.obsidian import properties, with_properties
from notes_service.exchange.plain_names import plain_name
from notes_service.notes.queries import DetailRow

Form = Literal["md", "html", "print"]
LONGEST = 512 * 1024
"""Characters of a text that is shown as a page."""
TOO_LONG = (
    f"Export refused: Notes.Export/page — its text is over {LONGEST // 1024} KiB, too long for a page; take `md`."
)
AT_ONCE = 2
"""Pages that are made at the same time; each computes."""
_STYLE = """
body { font: 16px/1.6 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; }
pre { background: #f4f4f4; padding: .8rem; overflow-x: auto; } code { font-family: ui-monospace, monospace; }
blockquote { margin-left: 0; padding-left: 1rem; border-left: 3px solid #bbb; color: #444; }
table { border-collapse: collapse; } td, th { border: 1px solid #bbb; padding: .3rem .6rem; } img { max-width: 100%; }
"""
_PRINT = """
@page { size: A4; margin: 20mm; }
body { font-size: 11pt; max-width: none; margin: 0; padding: 0; color: #000; }
pre, blockquote, table, img { break-inside: avoid; } h1, h2, h3 { break-after: avoid; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; } a { color: #000; }
a[href^="http"]::after { content: " (" attr(href) ")"; font-size: 9pt; overflow-wrap: anywhere; }
"""
_MARKDOWN = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
_turns = asyncio.Semaphore(AT_ONCE)


async def answer(row: DetailRow, form: Form) -> Response:
    """The note as an attachment."""
    name = plain_name(row.title)
    if form == "md":
        return _file(_markdown(row), "text/markdown; charset=utf-8", f"{name}.md", {})
    if len(row.content) > LONGEST:
        raise BadRequest(TOO_LONG)
    style = _STYLE + (_PRINT if form == "print" else "")
    async with _turns:
        page = await asyncio.to_thread(_page, row, style)
    return _file(page, "text/html; charset=utf-8", f"{name}.html", {"Content-Security-Policy": _policy(style)})


def _file(text: str, media_type: str, name: str, headers: dict[str, str]) -> Response:
    plain = name.encode("ascii", "replace").decode().replace("?", "_").replace('"', "_").replace("\\", "_")
    disposition = f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
    sent = {**headers, "Content-Disposition": disposition, "X-Content-Type-Options": "nosniff"}
    return Response(text.encode(errors="replace"), media_type=media_type, headers=sent)


def _markdown(row: DetailRow) -> str:
    return with_properties(properties(row), row.content)


def _page(row: DetailRow, style: str) -> str:
    """A page by itself: what was HTML in the note is cleaned, and a policy stands in it for whoever opens the file."""
    import nh3  # noqa: PLC0415 - most processes never show a page

    body = nh3.clean(_MARKDOWN.render(row.content))
    heading = "" if body.lstrip().startswith("<h1>") else f"<h1>{escape(row.title)}</h1>\n"
    return (
        f'<!doctype html>\n<html>\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_content_policy(style))}">\n'
        f"<title>{escape(row.title)}</title>\n<style>{style}</style>\n</head>\n<body>\n{heading}{body}</body>\n</html>\n"
    )


def _content_policy(style: str) -> str:
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; img-src http: https: data:; style-src 'sha256-{digest}'; base-uri 'none';"
        " form-action 'none'"
    )


def _policy(style: str) -> str:
    return f"{_content_policy(style)}; frame-ancestors 'none'; sandbox"
