"""What Python's library does otherwise in one version than in another is asked in one file each, or not at all."""

from __future__ import annotations

import ast

import pytest

from tests.test_architecture import all_code

CHANGED = {
    "html.parser": "exchange/html_parts.py reads pages",
    "http.cookies": "site/request_cookies.py reads cookies",
    "mimetypes": "web/media_types.py has the table",
    "urllib.parse.urlparse": "core/web_addresses.py takes addresses apart",
    "urllib.parse.urlsplit": "core/web_addresses.py takes addresses apart",
    # Attributes, of whatever.
    ".cookies": "site/request_cookies.py reads cookies",
    ".is_global": "web/public_addresses.py says which are public",
    ".is_private": "web/public_addresses.py says which are public",
    ".stem": "core/file_names.py takes names apart",
    ".strftime": "isoformat writes years with four digits",
    ".suffix": "core/file_names.py takes names apart",
    ".with_stem": "core/file_names.py takes names apart",
    ".with_suffix": "core/file_names.py takes names apart",
}
MAY = {
    "shared/library/notechondria_shared/core/web_addresses.py": {"urllib.parse.urlsplit"},
    "shared/library/notechondria_shared/db/migrations.py": {".stem"},  # of our own files
    "services/planner/migrations/versions/0009_published_calendars.py": {"urllib.parse.urlsplit"},  # of a setting, once
}


def uses(source: str) -> set[str]:
    """What a file asks of that."""
    used = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            used |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            used |= {str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)}
        elif isinstance(node, ast.Attribute):
            used.add(f".{node.attr}")
    return used & CHANGED.keys()


def test_services_ask_nothing_that_another_python_answers_otherwise() -> None:
    used = {
        name: uses(text) - MAY.get(name, set())
        for name, text in all_code().items()
        if name.startswith(("services/", "shared/")) and not {"tests", "evals"} & set(name.split("/"))
    }
    columns = {".is_private"}  # of subscriptions
    assert {name: left for name, asked in used.items() if (left := asked - columns)} == {}


@pytest.mark.parametrize("name", ["cli/notechondria_cli", "deploy/launcher/notechondria_launcher"])
def test_commands_take_addresses_apart_as_services_do(name: str) -> None:
    files = {path: uses(text) for path, text in all_code().items() if path.startswith(name)}
    assert len(files) > 10
    assert {path for path, asked in files.items() if "urllib.parse.urlsplit" in asked} == set()


@pytest.mark.parametrize(
    ("source", "asked"),
    [
        ("import mimetypes", {"mimetypes"}),
        ("from html.parser import HTMLParser", {"html.parser"}),
        ("from urllib.parse import quote, urlsplit", {"urllib.parse.urlsplit"}),
        ("x = Path('a').suffix", {".suffix"}),
        ("from urllib.parse import quote", set()),
    ],
)
def test_what_is_asked_is_seen(source: str, asked: set[str]) -> None:
    assert uses(source) == asked
