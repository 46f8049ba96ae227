"""The texts of all pages for people: one file, `texts.toml`, a table for each page."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib import resources

Texts = dict[str, dict[str, str]]


@cache
def texts() -> Texts:
    """All of them; a template that asks for one that is missing fails."""
    read: Texts = tomllib.loads(resources.files(__package__).joinpath("texts.toml").read_text(encoding="utf-8"))
    return read


def text(page: str, name: str) -> str:
    """One text."""
    return texts()[page][name]
