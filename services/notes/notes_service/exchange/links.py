"""Files that a markdown text shows or links to, and their new addresses.

Read are wiki embeds and links (`![[x.png|300]]`, `[[Script.pdf#page=3]]`), links and images with their definitions
(`![v][r]`, `[r]: x.png`), and `src` and `href` of HTML. What stands in code stays as it is: the parser says where.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from html import unescape
from pathlib import PurePosixPath
from urllib.parse import quote, unquote

from markdown_it import MarkdownIt

from notechondria_shared.core.file_names import suffix_of
from notes_service.exchange.archive import Source

MARKDOWN = frozenset({".md", ".markdown"})
_WIKI = (
    r"(?P<embed>!?)\[\[(?P<wiki>[^\[\]|#\n]{1,255})(?P<part>#[^\[\]|\n]{0,255})?"
    r"(?:\|(?P<caption>[^\[\]\n]{0,255}))?\]\]"
)
# Words with single blanks between them and balanced parentheses, then perhaps a title: never two ways to read a blank,
# and no backtracking, which cannot help and takes long. An atomic group, as Python up to 3.11.4 misreads a possessive
# repeat of a group (`(...)++`): it keeps what the last, failed round has read.
_PART = r"[^()<>\"\s]|\([^()\n]{0,100}\)| (?=[^\s\"'])(?!\([^()\n]{0,300}\)[ \t]{0,9}\)|=\d*x?\d*[ \t]{0,9}\))"
_TARGET = rf"(?>(?:{_PART}){{1,500}})"
_TITLE = r"\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'|\([^()\n]{0,300}\)"
_LINK = (
    rf"(?P<opens>\]\([ \t]*)(?:<(?P<angled>[^<>\n]{{1,500}})>|(?P<plain>{_TARGET}))"
    rf"(?P<closes>[ \t]{{1,9}}(?:{_TITLE})[ \t]{{0,9}}\)|[^()\n]{{0,300}}\))"
)
_DEFINITION = (
    r"(?P<defines>^ {0,3}\[[^\[\]\n]{1,200}\]:[ \t]*)(?:<(?P<angled2>[^<>\n]{1,500})>|(?P<plain2>[^\s<>]{1,500}))"
)
_HTML = (
    r"(?P<attribute>[ \t\n](?i:src|href|poster|data)[ \t]{0,3}=[ \t]{0,3})"
    r"(?:\"(?P<double>[^\"\n]{1,500})\"|'(?P<single>[^'\n]{1,500})'|(?P<bare>[^\s\"'<>=`]{1,500}))"
)
_ANY = re.compile(f"{_WIKI}|{_LINK}|{_DEFINITION}|{_HTML}", re.MULTILINE)
_NO_FILE = re.compile(r"[a-zA-Z][a-zA-Z0-9+.-]+:|#|//")
_SPAN = re.compile(r"(?<!`)(?P<ticks>`+)(?!`)(?P<code>(?:(?!\n[ \t]*\n).)+?)(?<!`)(?P=ticks)(?!`)", re.DOTALL)
_RAW = re.compile(r" {0,3}<(?:pre|script|style|textarea)[\s>]", re.IGNORECASE)
"""HTML whose text is no markdown up to its end (CommonMark 0.31 §4.6, first condition)."""
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_SIZE = re.compile(r"\d{1,5}(?:x\d{1,5})?")
_WAYS = ("wiki", "angled", "plain", "angled2", "plain2", "double", "single", "bare")


@dataclass(frozen=True, slots=True)
class _Code:
    """Where code stands in a text: from and to, in order."""

    starts: list[int]
    ends: list[int]

    def holds(self, position: int) -> bool:
        """Whether a position of the text is in code."""
        number = bisect_right(self.starts, position) - 1
        return number >= 0 and position < self.ends[number]


def targets(text: str) -> Iterator[str]:
    """What the text shows or links to, as it is written, each once."""
    return iter(dict.fromkeys(_target(match) for match in _outside_code(text)))


def relinked(text: str, urls: Mapping[str, str]) -> str:
    """The text with these targets replaced; wiki links become links of markdown. Everything else stays as it is."""
    parts, done = [], 0
    for match in _outside_code(text):
        url = urls.get(_target(match))
        if url is not None:
            parts += [text[done : match.start()], _with_url(match, url)]
            done = match.end()
    return "".join([*parts, text[done:]])


def moved(text: str, old: str, url: str) -> str:
    """The text with every address, of whatever deployment, of the file that was at `old` below /media/ replaced."""
    if not old:
        return text
    return re.sub(rf"(?:https?://[^\s/()<>\"']{{1,255}})?/media/{re.escape(quote(old))}", lambda _: url, text)


def _outside_code(text: str) -> Iterator[re.Match[str]]:
    matches = list(_ANY.finditer(text))
    if not matches:
        return
    code = _code(text)
    for match in matches:
        if not code.holds(match.start(_way(match))):
            yield match


def _code(text: str) -> _Code:
    """Fenced and indented code, as the parser finds it (CommonMark 0.31 §4.4, §4.5), and code spans (§6.1)."""
    lines = [0, *(match.end() for match in re.finditer(r"\n", text)), len(text)]
    spans: list[tuple[int, int]] = []
    for token in MarkdownIt("commonmark").disable("inline").parse(text):
        kind = "fence" if token.type == "html_block" and _RAW.match(token.content) else token.type
        if token.map is None or kind not in ("fence", "code_block", "inline"):
            continue
        start, end = lines[token.map[0]], lines[min(token.map[1], len(lines) - 1)]
        if kind == "inline":
            spans += [match.span() for match in _SPAN.finditer(text, start, end)]
        else:
            spans.append((start, end))
    spans.sort()
    return _Code([start for start, _ in spans], [end for _, end in spans])


def _way(match: re.Match[str]) -> str:
    """By which of the ways a match names its file."""
    return next(name for name in _WAYS if match[name] is not None)


def _target(match: re.Match[str]) -> str:
    return match[_way(match)].strip()


def _with_url(match: re.Match[str], url: str) -> str:
    way = _way(match)
    rest = unescape(_target(match)).partition("#")[2]
    # What follows in a share link, `#/notes/<uuid>`, is no part of a file.
    part = match["part"] if way == "wiki" else f"#{rest}" if rest and not rest.startswith("/notes/") else ""
    url += part or ""
    if way == "wiki":
        return f"{match['embed']}[{_shown(match)}]({url})"
    if match["attribute"]:
        return f'{match["attribute"]}"{url}"'
    if match["defines"]:
        return f"{match['defines']}{url}"
    return f"{match['opens']}{url}{match['closes']}"


def _shown(match: re.Match[str]) -> str:
    """What a wiki link shows: its caption, else the name of its file; a size stays beside it, as Obsidian has it."""
    caption = (match["caption"] or "").strip()
    return f"{_target(match)}|{caption}" if _SIZE.fullmatch(caption) else caption or _target(match)


def resolve(source: Source, note: str, target: str, *, by_name: bool = True) -> str | None:
    """The file that a link of a note means: relative to the note, to the top, or by its name alone; None for none.

    Other notes, addresses and anchors are no files. A note of our own export lists its files: there none is meant by
    its name alone.
    """
    if _NO_FILE.match(target):
        return None
    for spelling in _spellings(target):
        path = PurePosixPath(spelling)
        if not path.name or suffix_of(path).lower() in MARKDOWN:
            continue
        for folder in (PurePosixPath(note).parent, PurePosixPath(source.root), PurePosixPath()):
            if one := source.find(joined(folder, path)):
                return one
        if by_name and suffix_of(path) and (named := source.named(path.name)):
            return named
    return None


def _spellings(target: str) -> Iterable[str]:
    """What a link can mean: as it stands, with its escapes (CommonMark 0.31 §2.4, §2.5) and percent-encoding read,
    without its anchor and its query."""
    plain = _ESCAPED.sub(r"\1", unescape(target))
    slashed = [one.replace("\\", "/") for one in (target, plain)]
    ways = [target, *slashed, *map(unquote, slashed)]
    ways += [unquote(one.partition("#")[0]) for one in slashed]
    return dict.fromkeys([*ways, *(unquote(one.partition("#")[0].partition("?")[0]) for one in slashed)])


def joined(folder: PurePosixPath, path: PurePosixPath) -> str:
    """A path as it is meant in a folder."""
    parts: list[str] = []
    for part in (*folder.parts, *path.parts):
        if part == "..":
            parts = parts[:-1]
        elif part not in {".", "/"}:
            parts.append(part)
    return "/".join(parts)
