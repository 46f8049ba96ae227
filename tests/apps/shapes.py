"""What an app reads of an answer: the keys, and what their values must be.

A shape is a type, a tuple of texts (one of these), or one of the classes below; keys that an app does not read are not
in it. Dart casts hard: an id that came as a text or a float would end the app.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Shape = Any
"""A type or several, a tuple of texts, or one of the classes below."""


@dataclass(frozen=True)
class Maybe:
    """Null, or this."""

    shape: Shape

    def misfits(self, value: object, where: str) -> list[str]:
        """As `misfits` below."""
        return [] if value is None else misfits(value, self.shape, where)


@dataclass(frozen=True)
class ListOf:
    """A list of this; `least` elements at least."""

    shape: Shape
    least: int = 0

    def misfits(self, value: object, where: str) -> list[str]:
        """As `misfits` below."""
        if not isinstance(value, list) or len(value) < self.least:
            return [f"{where}: not a list of {self.least} or more, but {value!r:.80}"]
        return [one for number, part in enumerate(value) for one in misfits(part, self.shape, f"{where}[{number}]")]


@dataclass(frozen=True)
class Text:
    """A text that the pattern fits from its beginning to its end."""

    pattern: str
    name: str

    def misfits(self, value: object, where: str) -> list[str]:
        """As `misfits` below."""
        fits = isinstance(value, str) and re.fullmatch(self.pattern, value)
        return [] if fits else [f"{where}: no {self.name}, but {value!r:.80}"]


@dataclass(frozen=True)
class Reads:
    """An object with at least these keys."""

    keys: Mapping[str, Shape] = field(default_factory=dict)

    def __or__(self, more: Mapping[str, Shape]) -> Reads:
        return Reads({**self.keys, **more})

    def misfits(self, value: object, where: str) -> list[str]:
        """As `misfits` below."""
        if not isinstance(value, dict):
            return [f"{where}: no object, but {value!r:.80}"]
        known = {key: shape for key, shape in self.keys.items() if key in value}
        missing = [f"{where}.{key}: missing" for key in self.keys if key not in value]
        return missing + [one for key, shape in known.items() for one in misfits(value[key], shape, f"{where}.{key}")]


def misfits(value: object, shape: Shape, where: str = "") -> list[str]:
    """What an app could not read of a value, as `place: what is wrong`."""
    if isinstance(shape, Maybe | ListOf | Text | Reads):
        return shape.misfits(value, where)
    if isinstance(shape, tuple) and not isinstance(shape[0], type):
        return [] if value in shape else [f"{where}: none of {shape}, but {value!r:.80}"]
    # JSON's true is no number for Dart, as it is for Python.
    if not isinstance(value, shape) or (isinstance(value, bool) and shape is not bool):
        return [f"{where}: no {getattr(shape, '__name__', shape)}, but {value!r:.80}"]
    return []


def named(shape: Shape) -> str:
    """A shape in words, for the table of the contract."""
    if isinstance(shape, Maybe):
        return f"{named(shape.shape)} or null"
    if isinstance(shape, ListOf):
        return f"list of {named(shape.shape)}"
    if isinstance(shape, Reads):
        known = next((name for name, one in NAMED.items() if one == shape), "")
        return known or "{" + ", ".join(f"`{key}`" for key in shape.keys) + "}"
    if isinstance(shape, Text):
        return shape.name
    if isinstance(shape, tuple) and not isinstance(shape[0], type):
        return " or ".join(f"`{word}`" for word in shape)
    return {int: "int", str: "text", bool: "bool"}.get(shape, "number")


def described(shape: Reads) -> str:
    """The keys of a shape that has a name, with what each must be."""
    return ", ".join(f"`{key}` {named(inner)}" for key, inner in shape.keys.items())


NUMBER = (int, float)
UTC_Z = Text(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?Z", "time with Z")
UTC_OFFSET = Text(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{6})?\+00:00", "time with +00:00")
DATE = Text(r"\d{4}-\d\d-\d\d", "date")
URL = Text(r"https?://[^/]+/.+", "URL")
URL_OR_BLANK = Text(r"(https?://[^/]+/.+)?", "URL or blank")
TOKEN = Text(r"[0-9a-f]{40}", "40 hex digits")

AUTHOR = Reads({"username": str, "display_name": str, "image_url": URL})
SUMMARY = Reads(
    {
        "id": int,
        "uuid": Text(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "uuid"),
        "title": str,
        "description": Maybe(str),
        "excerpt": str,
        "preview_lines": ListOf(str),
        "editor_mode": ("G", "B", "P"),
        "is_public": bool,
        "last_edit": UTC_Z,
        "date_created": UTC_Z,
        "course_id": Maybe(int),
        "course": Maybe(Reads({"id": int, "title": str, "slug": str})),
        "author": AUTHOR,
        "cover_image_url": URL_OR_BLANK,
    }
)
DETAIL = SUMMARY | {"blocks": ListOf(Reads()), "content": str, "metadata_json": str, "custom_meta": str}
NOTE_PAGE = Reads({"results": ListOf(SUMMARY), "has_more": bool})
COURSE = Reads(
    {
        "id": int,
        "title": str,
        "description": Maybe(str),
        "cover_image_url": URL_OR_BLANK,
        "icon": Maybe(int),
        "is_default": bool,
        "owner": Maybe(AUTHOR),
        "is_subscribed": bool,
        "last_opened_at": Maybe(UTC_OFFSET),
        "recent_notes": ListOf(SUMMARY),
    }
)
NEW_COURSE = COURSE | {"color_hue": Maybe(int), "is_private_subscription": bool, "git": Maybe(Reads())}
HEATMAP = Reads(
    {
        "today": DATE,
        "cells": ListOf(
            Reads({"date": DATE, "kind": ("past", "today", "future"), "intensity": int, "is_today": bool}), least=1
        ),
    }
)
FRONT_PAGE = Reads({"carousel_courses": ListOf(COURSE), "recent_notes": ListOf(SUMMARY)})
OWN_FRONT_PAGE = FRONT_PAGE | {"heatmap": HEATMAP}
VERSION = Reads({"id": int, "title": str, "content": str, "reason": str, "label": str, "date_created": UTC_Z})
ATTACHMENT = Reads({"id": int, "url": URL, "original_filename": str, "file_size": int, "content_type": str})
SESSION = Reads({"id": int})
EVENT = Reads(
    {
        "id": int,
        "title": str,
        "event_date": DATE,
        "starts_at": UTC_OFFSET,
        "ends_at": UTC_OFFSET,
        "difficulty_weight": int,
        "description": str,
        "course_id": Maybe(int),
        "is_completed": bool,
    }
)
WEEK = Reads(
    {
        "days": ListOf(
            Reads(
                {
                    "date": DATE,
                    "events": ListOf(
                        Reads({"kind": str, "title": str, "starts_at": UTC_OFFSET, "ends_at": UTC_OFFSET})
                    ),
                }
            ),
            least=7,
        ),
        "deadlines": ListOf(EVENT | {"urgency_score": NUMBER}),
    }
)
FEED = Reads({"id": int, "title": str, "is_enabled": bool})
USER = Reads({"username": str, "email": str})
AUTH = Reads({"token": TOKEN, "user": USER})
HANDSHAKE = Reads(
    {"service": ("notechondria-backend",), "api_version": ("v1",), "version": str, "capabilities": Reads()}
)
NEW_HANDSHAKE = HANDSHAKE | {
    "min_frontend_version": str,
    "storage": Reads({"backend": ("local", "s3", "r2"), "label": str}),
}
SETTINGS = Reads(
    {
        "username": str,
        "email": str,
        "motto": str,
        "image_url": URL,
        "editor_mode": ("G", "B", "P"),
        "theme_preset": str,
        "theme_mode": ("S", "L", "D"),
        "api_key_prefix": str,
        "api_base_url": str,
        "app_settings": Reads(),
        "app_settings_updated_at": Maybe(UTC_OFFSET),
    }
)
NEW_SETTINGS = SETTINGS | {
    "display_name": str,
    "uncategorized_folder_name": str,
    "last_seen_versions": Reads(),
    "casdoor_linked": bool,
}
DETAIL_TEXT = Reads({"detail": str})

NAMED = {
    "author": AUTHOR,
    "note summary": SUMMARY,
    "note": DETAIL,
    "page of notes": NOTE_PAGE,
    "course": COURSE,
    "course of the newest apps": NEW_COURSE,
    "heatmap": HEATMAP,
    "front page": FRONT_PAGE,
    "front page with heatmap": OWN_FRONT_PAGE,
    "version": VERSION,
    "attachment": ATTACHMENT,
    "planner event": EVENT,
    "week": WEEK,
    "feed": FEED,
    "AuthPayload": AUTH,
    "handshake": HANDSHAKE,
    "handshake of the newest apps": NEW_HANDSHAKE,
    "settings": SETTINGS,
    "settings of the newest apps": NEW_SETTINGS,
}
"""The shapes that the contract's table describes once."""
