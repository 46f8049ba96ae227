"""Schemas of tools as clients see them: compact, and in two forms.

The plain form is what the contract fixes (mcp §5) and a plain client gets byte for byte (decision 60). The full form
has the arguments and keys that came later, and takes a course by its title.
"""

from __future__ import annotations

from typing import cast

from pydantic import JsonValue

Schema = dict[str, JsonValue]

ADDED: Schema = {"x-added": True}
"""`json_schema_extra` of an argument, or of a key of a result, that the contract's plain client does not know."""
COURSE = "Id or exact title"
_LATER = ("x-added", "x-later", "examples")
_OWN_WORDS = frozenset({"properties", "$defs"})
"""Below these keys of a schema stand names of ours."""


def later(text: str, *examples: JsonValue) -> Schema:
    """`json_schema_extra` of an argument of the contract: its description for newer clients."""
    return {"x-later": text, **({"examples": list(examples)} if examples else {})}


def added(*examples: JsonValue) -> Schema:
    """`ADDED` with examples."""
    return {**ADDED, "examples": list(examples)} if examples else ADDED


def compact(schema: Schema) -> Schema:
    """A JSON schema without titles and null defaults, `anyOf` with null as a list of types (mcp §5)."""
    slim: Schema = {
        name: {key: _compact(value) for key, value in part.items()}
        if name in _OWN_WORDS and isinstance(part, dict)
        else _compact(part)
        for name, part in schema.items()
        if not (name == "title" and isinstance(part, str)) and name != "additionalProperties"
    }
    match slim.get("anyOf"):
        case [dict() as value, {"type": "null", **others}] if "type" in value and not others:
            del slim["anyOf"]
            rest = {name: part for name, part in slim.items() if not (name == "default" and part is None)}
            return {**value, **rest, "type": [value["type"], "null"]}
    return slim


def _compact(part: JsonValue) -> JsonValue:
    if isinstance(part, list):
        return [_compact(item) for item in part]
    return compact(part) if isinstance(part, dict) else part


def compact_output(schema: Schema) -> Schema:
    """The schema of a result, small enough for a list that every agent reads: no prose, shapes where they are used, and
    no lists of required keys (all keys of a result are always there)."""
    definitions = cast("Schema", schema.get("$defs", {}))

    def inlined(part: JsonValue) -> JsonValue:
        if isinstance(part, list):
            return [inlined(item) for item in part]
        if not isinstance(part, dict):
            return part
        if isinstance(reference := part.get("$ref"), str):
            return inlined(definitions[reference.rpartition("/")[2]])
        return {
            name: {key: inlined(value) for key, value in inner.items()}
            if name == "properties" and isinstance(inner, dict)
            else inlined(inner)
            for name, inner in part.items()
            if name not in {"$defs", "required"} and not (name == "description" and isinstance(inner, str))
        }

    return compact(cast("Schema", inlined(schema)))


def added_keys(schema: Schema) -> frozenset[str]:
    """The properties of a schema that the plain form leaves out."""
    properties = cast("dict[str, Schema]", schema.get("properties", {}))
    return frozenset(name for name, part in properties.items() if "x-added" in part)


def plain_form(schema: Schema) -> Schema:
    """The schema without what was added to it."""

    def cut(part: JsonValue) -> JsonValue:
        if isinstance(part, list):
            return [cut(item) for item in part]
        if not isinstance(part, dict):
            return part
        return {
            name: {key: cut(value) for key, value in inner.items() if not _is_added(value)}
            if name in _OWN_WORDS and isinstance(inner, dict)
            else cut(inner)
            for name, inner in part.items()
            if name not in _LATER
        }

    return cast("Schema", cut(schema))


def full_form(schema: Schema) -> Schema:
    """The schema of the arguments with all there is; a course may be named by its title."""
    properties = cast("dict[str, Schema]", schema["properties"])
    return {**schema, "properties": {name: _full_argument(name, part) for name, part in properties.items()}}


def full_output(schema: Schema) -> Schema:
    """The schema of a result with all there is, by its keys: one line of a list that every agent reads (decision 60).

    What lists hold is seen in the first answer.
    """
    properties = cast("dict[str, Schema]", schema.get("properties", {}))
    outlined: Schema = {name: _outline(part) for name, part in properties.items()}
    if any(part.get("type") == "array" for part in properties.values()):
        outlined.setdefault("more", {})  # says how to go on where a list was cut
    return {"type": "object", "properties": outlined}


def _outline(part: Schema) -> Schema:
    return {"type": part["type"]} if part.get("type") in ("array", "object") else {}


def _is_added(part: JsonValue) -> bool:
    return isinstance(part, dict) and "x-added" in part


def _without_marks(part: JsonValue) -> JsonValue:
    if isinstance(part, list):
        return [_without_marks(item) for item in part]
    if not isinstance(part, dict):
        return part
    text = part.get("x-later")
    marked = {**part, "description": text} if isinstance(text, str) else part
    return {name: _without_marks(inner) for name, inner in marked.items() if name not in {"x-added", "x-later"}}


def _full_argument(name: str, part: Schema) -> JsonValue:
    part = cast("Schema", _without_marks(part))
    if name == "course_id":
        nullable = isinstance(part["type"], list) and "null" in part["type"]
        text = part.get("description", COURSE)
        described = COURSE if not nullable else f"{COURSE}; null for none"
        described = described if text in {COURSE, "Integer id of the course"} else f"{text}. {COURSE}"
        return {**part, "type": ["integer", "string", *(["null"] if nullable else [])], "description": described}
    if name == "course_ids":
        return {**part, "items": {"type": ["integer", "string"]}}
    return part
