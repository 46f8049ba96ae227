"""Settings of the environment (identity §14)."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from notechondria_shared.http.cors import origin_allowed
from notechondria_shared.settings import ServiceSettings


class Example(ServiceSettings):
    service: ClassVar[str] = "example"


def make(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Example:
    given = {"INTERNAL_TOKEN": "0123456789abcdef", "DATABASE_URL": "postgres://a:b@db:5432/x", **environment}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return Example()


@pytest.mark.parametrize(("word", "value"), [("1", True), ("Yes", True), ("on", True), ("0", False), ("nope", False)])
def test_14_booleans(monkeypatch: pytest.MonkeyPatch, word: str, value: bool) -> None:
    assert make(monkeypatch, DJANGO_DEBUG=word).django_debug is value


def test_14_lists_by_space_or_comma(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = make(
        monkeypatch, DJANGO_ALLOWED_HOSTS="a.example, b.example c.example", BACKEND_CUSTOM_DOMAIN="D.example"
    )
    assert settings.allowed_hosts == {"a.example", "b.example", "c.example", "d.example", "localhost"}


def test_14_database_from_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = {"POSTGRE_USERNAME": "me", "POSTGRE_PASSWORD": "p@ss", "POSTGRE_HOST": "db", "POSTGRE_DB": "notes"}
    settings = make(monkeypatch, DATABASE_URL="", **pieces)
    assert settings.database_conninfo == "postgresql://me:p%40ss@db:5432/notes"
    assert make(monkeypatch).database_conninfo == "postgresql://a:b@db:5432/x"


def test_8_no_secret_has_a_usable_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://a@b/c")
    monkeypatch.delenv("INTERNAL_TOKEN", raising=False)
    with pytest.raises(ValidationError):
        Example()


def test_secrets_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: Any = repr(make(monkeypatch))
    assert "0123456789abcdef" not in shown
    assert "postgres://a:b" not in shown


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("http://localhost:3000", True),
        ("https://app.example", True),
        ("https://APP.example:8443", True),
        ("https://evil-app.example", False),
        ("https://app.example.evil.org", False),
        ("null", False),
        ("http://[", False),
    ],
)
def test_15_allowed_origins_by_host_name(monkeypatch: pytest.MonkeyPatch, origin: str, *, allowed: bool) -> None:
    settings = make(monkeypatch, FRONTEND_ORIGIN="https://app.example")
    assert origin_allowed(origin, settings.cors_hosts) is allowed
