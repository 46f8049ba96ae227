"""Files that a markdown text shows or links to: wiki embeds, links and images, and `src` of HTML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from urllib.parse import quote, unquote

from notes_service.exchange.archive import Source

MARKDOWN = frozenset({".md", ".markdown"})
_EMBED = r"!\[\[(?P<embed>[^\[\]|#\n]{1,255})(?:[|#][^\[\]\n]{0,255})?\]\]"
# Words with single blanks between them and balanced parentheses, then perhaps a title: never two ways to read a blank,
# and no backtracking, which cannot help and takes long.
_TARGET = r"(?:[^()<>\"\s]|\([^()\n]{0,100}\)| (?=[^\s\"']))(?:[^()<>\"\s]|\([^()\n]{0,100}\)| (?=[^\s\"'])){0,499}+"
_LINK = rf"(?P<opens>\]\([ \t]*)(?:<(?P<angled>[^<>\n]{{1,500}})>|(?P<plain>{_TARGET}))(?P<closes>[^()\n]{{0,300}}\))"
_SRC = r"(?P<attribute>\bsrc=[\"'])(?P<src>[^\"'\n]{1,500})"
_ANY = re.compile(f"{_EMBED}|{_LINK}|{_SRC}")
_NO_FILE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]*:|#|//")


def targets(text: str) -> Iterator[str]:
    """What the text shows or links to, as it is written, each once."""
    return iter(dict.fromkeys(_target(match) for match in _ANY.finditer(text)))


def relinked(text: str, urls: Mapping[str, str]) -> str:
    """The text with these targets replaced; a wiki embed becomes an image. Everything else stays as it is."""
    return _ANY.sub(lambda match: _with_url(match, urls.get(_target(match))), text)


def moved(text: str, old: str, url: str) -> str:
    """The text with every address, of whatever deployment, of the file that was at `old` below /media/ replaced."""
    if not old:
        return text
    return re.sub(rf"(?:https?://[^\s/()<>\"']{{1,255}})?/media/{re.escape(quote(old))}", lambda _: url, text)


def _target(match: re.Match[str]) -> str:
    return (match["embed"] or match["angled"] or match["plain"] or match["src"]).strip()


def _with_url(match: re.Match[str], url: str | None) -> str:
    if url is None:
        return match[0]
    if match["embed"]:
        return f"![{_target(match)}]({url})"
    if match["src"]:
        return f"{match['attribute']}{url}"
    return f"{match['opens']}{url}{match['closes']}"


def resolve(source: Source, note: str, target: str) -> str | None:
    """The file that a link of a note means: relative to the note, to the top, or by its name alone; None for none.

    Other notes, addresses and anchors are no files.
    """
    if _NO_FILE.match(target):
        return None
    for spelling in dict.fromkeys((target, unquote(target), unquote(target.partition("#")[0]))):
        path = PurePosixPath(spelling)
        if not path.name or path.suffix.lower() in MARKDOWN:
            continue
        for folder in (PurePosixPath(note).parent, PurePosixPath(source.root), PurePosixPath()):
            if one := source.find(_joined(folder, path)):
                return one
        if path.suffix and (named := source.named(path.name)):
            return named
    return None


def _joined(folder: PurePosixPath, path: PurePosixPath) -> str:
    parts: list[str] = []
    for part in (*folder.parts, *path.parts):
        if part == "..":
            parts = parts[:-1]
        elif part not in {".", "/"}:
            parts.append(part)
    return "/".join(parts)
