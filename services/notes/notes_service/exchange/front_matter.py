"""The block of fields on top of an exported markdown file.

Written as YAML whose values are JSON, which every YAML reader understands and which comes back with its types. What
Obsidian, Joplin and others write is read as YAML, all plain values as text: a title `yes` stays one. Between lines of
`+++` it is TOML, as Hugo and Zola write it (https://gohugo.io/content-management/front-matter).
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Hashable, Mapping
from contextlib import suppress
from datetime import date, time
from math import isfinite

import yaml
from pydantic import JsonValue

FENCE = "---"
OWN = frozenset({"uuid", "metadata_json", "custom_meta"})
"""Fields that a block of ours has, and one of others hardly ever all of."""
HEAD_LENGTH = 16 * 1024
"""Characters of a block that is read; a longer one counts as text."""
_OPENS = re.compile(r"(?:---|\+\+\+)[ \t]{0,100}\n")
_CLOSES = re.compile(r"\n(?:---|\.\.\.)[ \t]{0,100}(?:\n|\Z)")
"""As others end it: YAML lets blanks follow, and three full stops (YAML 1.2.2, document markers)."""
_TOML_OPENS, _TOML_CLOSES = "+++", re.compile(r"\n\+\+\+[ \t]{0,100}(?:\n|\Z)")
_EXACT = 2**53
"""Whole numbers beyond it are not the same in every reader of JSON (RFC 8259 §6)."""
_FIELD = re.compile(r"([A-Za-z_]\w{0,60}): (.+)")


class _Loader(yaml.BaseLoader):
    """Without references, which can make a small text huge."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.YAMLError("references are not read")
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        """A mapping, of which nothing is dropped."""
        made = super().construct_mapping(node, deep=deep)
        if len(made) < len(node.value):
            raise yaml.YAMLError("a key comes twice")
        return made


def write(fields: Mapping[str, JsonValue], body: str) -> str:
    """The text of a file: fields, a blank line, the body as it is."""
    lines = [f"{name}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items()]
    return "\n".join([FENCE, *lines, FENCE, "", body])


def read(text: str) -> tuple[dict[str, JsonValue], str]:
    """Fields and body; no fields, and the whole text, when it does not begin with a complete and readable block."""
    text = text.removeprefix("\ufeff")
    if not text.startswith(f"{FENCE}\n"):  # not of ours, whose line breaks are the note's own
        text = text.replace("\r\n", "\n")
    opened = _OPENS.match(text)
    is_toml = text.startswith(_TOML_OPENS)
    closed = (_TOML_CLOSES if is_toml else _CLOSES).search(text, opened.end() - 1) if opened else None
    if opened is None or closed is None:
        return {}, text
    head, body = text[opened.end() : closed.start()], text[closed.end() :]
    fields = _toml(head) if is_toml else _fields(head)
    return ({}, text) if fields is None else (fields, body.removeprefix("\n"))


def _fields(head: str) -> dict[str, JsonValue] | None:
    for form in (_ours, _edited, _yaml):
        fields = form(head)
        if fields is not None:
            return fields
    return None


def _ours(head: str) -> dict[str, JsonValue] | None:
    """The fields of a block that `write` made; None for any other."""
    fields: dict[str, JsonValue] = {}
    for line in head.split("\n"):
        match = _FIELD.fullmatch(line)
        if match is None or match[1] in fields:
            return None
        try:
            fields[match[1]] = json.loads(match[2])
        except (ValueError, RecursionError):
            return None
    return fields


def _edited(head: str) -> dict[str, JsonValue] | None:
    """The fields of a block that `write` made and somebody added to or changed; None for any other.

    As YAML its `null` and `true` would come back as texts: what still reads as we write it keeps its type.
    """
    typed: dict[str, JsonValue] = {}
    for line in head.split("\n"):
        if match := _FIELD.fullmatch(line):
            with suppress(ValueError, RecursionError):
                typed[match[1]] = json.loads(match[2])
    if not typed.keys() >= OWN:
        return None
    read = _yaml(head)
    return None if read is None else read | typed


def _yaml(head: str) -> dict[str, JsonValue] | None:
    if len(head) > HEAD_LENGTH:
        return None
    try:
        fields = yaml.load(head, _Loader)  # noqa: S506 - makes text, lists and mappings only
    except (yaml.YAMLError, RecursionError, ValueError):
        return None
    if fields is None:
        return {}
    return {str(name): value for name, value in fields.items()} if isinstance(fields, dict) else None


def _toml(head: str) -> dict[str, JsonValue] | None:
    if len(head) > HEAD_LENGTH:
        return None
    try:
        return {name: _json(value) for name, value in tomllib.loads(head).items()}
    except (ValueError, RecursionError):
        return None


def _json(value: object) -> JsonValue:
    """A value of TOML; what JSON has no form for is text."""
    match value:
        case dict():
            return {str(name): _json(one) for name, one in value.items()}
        case list():
            return [_json(one) for one in value]
        case date() | time():
            return value.isoformat()
        case int() if abs(value) < _EXACT:
            return value
        case float() if isfinite(value):
            return value
    return str(value)
