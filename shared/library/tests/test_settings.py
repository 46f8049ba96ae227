"""Settings of the environment (identity §14)."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from pydantic import ValidationError
from tests.support.keys import KEY_SETTINGS

from notechondria_shared.core.settings import CoreSettings, ServiceSettings
from notechondria_shared.service.runner import load_settings
from notechondria_shared.web.cors import origin_allowed


class Example(ServiceSettings):
    service: ClassVar[str] = "notes"


def make(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Example:
    given = {**KEY_SETTINGS, "DATABASE_URL": "postgres://a:b@db:5432/x", **environment}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return Example()


@pytest.mark.contract("identity §14")
@pytest.mark.parametrize(("word", "value"), [("1", True), ("Yes", True), ("on", True), ("0", False), ("nope", False)])
def test_booleans_of_the_environment_are_read(monkeypatch: pytest.MonkeyPatch, word: str, value: bool) -> None:
    assert make(monkeypatch, DJANGO_DEBUG=word).django_debug is value


@pytest.mark.contract("identity §14")
def test_lists_are_split_by_space_or_comma(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = make(
        monkeypatch, DJANGO_ALLOWED_HOSTS="a.example, b.example c.example", BACKEND_CUSTOM_DOMAIN="D.example"
    )
    assert settings.allowed_hosts == {"a.example", "b.example", "c.example", "d.example", "localhost"}


@pytest.mark.contract("identity §14")
def test_the_database_address_is_made_of_its_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    pieces = {"POSTGRE_USERNAME": "me", "POSTGRE_PASSWORD": "p@ss", "POSTGRE_HOST": "db", "POSTGRE_DB": "notes"}
    settings = make(monkeypatch, DATABASE_URL="", **pieces)
    assert settings.database_conninfo == "postgresql://me:p%40ss@db:5432/notes"
    assert make(monkeypatch).database_conninfo == "postgresql://a:b@db:5432/x"


@pytest.mark.contract("ADR 0024")
def test_no_secret_has_a_usable_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql://a@b/c")
    monkeypatch.delenv("SERVICE_KEY", raising=False)
    monkeypatch.setenv("SERVICE_PUBLIC_KEYS", KEY_SETTINGS["SERVICE_PUBLIC_KEYS"])
    with pytest.raises(ValidationError):
        Example()


def test_secrets_are_not_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: Any = repr(make(monkeypatch))
    assert "0123456789abcdef" not in shown
    assert "postgres://a:b" not in shown


@pytest.mark.contract("identity §15")
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
def test_allowed_origins_by_host_name(monkeypatch: pytest.MonkeyPatch, origin: str, *, allowed: bool) -> None:
    settings = make(monkeypatch, FRONTEND_ORIGIN="https://app.example")
    assert origin_allowed(origin, settings.cors_hosts) is allowed


R2 = {
    "CLOUDFLARE_R2_BUCKET_NAME": "uploads",
    "CLOUDFLARE_R2_ACCOUNT_ID": "acc",
    "CLOUDFLARE_R2_ACCESS_KEY_ID": "id",
    "CLOUDFLARE_R2_SECRET_ACCESS_KEY": "very-secret",
}


@pytest.mark.contract("identity §14", "identity §11.3")
def test_a_bucket_makes_storage_remote(monkeypatch: pytest.MonkeyPatch) -> None:
    location = make(monkeypatch, **R2, MEDIA_STORE_URL="file:///srv").media_location
    assert (location.url, location.address) == ("s3://uploads", "")
    assert location.access is not None
    assert location.access.endpoint == "https://acc.r2.cloudflarestorage.com"
    assert "very-secret" not in repr(location)
    own = make(monkeypatch, CLOUDFLARE_R2_CUSTOM_DOMAIN="files.example.org/").media_location
    assert own.address == "https://files.example.org"


@pytest.mark.contract("apps §2")
def test_the_kind_of_storage_is_that_of_its_address(monkeypatch: pytest.MonkeyPatch) -> None:
    assert make(monkeypatch, MEDIA_STORE_URL="s3://uploads/prefix").media_location.kind == "s3"
    assert make(monkeypatch, MEDIA_STORE_URL="file:///srv/s3:/r2").media_location.kind == "local"
    assert make(monkeypatch, **R2).media_location.kind == "r2"
    other = "https://minio.example.org/.r2.cloudflarestorage.com"
    assert make(monkeypatch, **R2, CLOUDFLARE_R2_ENDPOINT_URL=other).media_location.kind == "s3"


@pytest.mark.contract("identity §14")
@pytest.mark.parametrize("missing", [name for name in R2 if name != "CLOUDFLARE_R2_BUCKET_NAME"])
def test_a_bucket_needs_its_companions(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    with pytest.raises(ValidationError, match=missing):
        make(monkeypatch, **{**R2, missing: ""})


@pytest.mark.contract("identity §14")
@pytest.mark.parametrize(
    ("root", "url"),
    [
        ("/srv/my media", "file:///srv/my%20media"),
        ("", "file:///home/mediafiles"),
        ("media", "file:///home/mediafiles"),
        (r"D:\media", "file:///home/mediafiles"),
        (r"\\server\share", "file:///home/mediafiles"),
        (r"C:\Program Files\Git\home\uploads", "file:///home/uploads"),
        ("C:/Program Files/Git/home/uploads", "file:///home/uploads"),
    ],
)
def test_media_roots_are_absolute_unix_paths(monkeypatch: pytest.MonkeyPatch, root: str, url: str) -> None:
    assert make(monkeypatch, DJANGO_PRODUCTION_MEDIA_ROOT=root).media_location.url == url
    assert make(monkeypatch, MEDIA_STORE_URL="s3://b/p").media_location.url == "s3://b/p"


@pytest.mark.contract("identity §14")
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DJANGO_LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("PUBLIC_BASE_URL", "notes.example.org"),
        ("PUBLIC_BASE_URL", "https://[notes"),
        ("FRONTEND_ORIGIN", "https://[app"),
        ("NATS_URL", "nats://a:4222, http://b:4222"),
        ("DJANGO_CSRF_TRUSTED_ORIGINS", "https://app.example, https://app.example:99999"),
        ("DATABASE_WAIT_SECONDS", "-1"),
        ("DATABASE_QUEUE_SECONDS", "inf"),
        ("APP_HOST_PORT", "99999"),
    ],
)
def test_what_cannot_be_used_is_one_sentence_that_names_it(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    for key, text in KEY_SETTINGS.items():
        monkeypatch.setenv(key, text)
    monkeypatch.setenv("DATABASE_URL", "postgres://a:b@db:5432/x")
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as exit_info:
        load_settings(Example)
    assert name in str(exit_info.value)


@pytest.mark.contract("identity §14")
def test_log_levels_in_any_spelling(monkeypatch: pytest.MonkeyPatch) -> None:
    assert make(monkeypatch, DJANGO_LOG_LEVEL=" debug ").django_log_level == "DEBUG"


def test_a_service_without_a_schema_needs_no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    class Bare(CoreSettings):
        service: ClassVar[str] = "web"

    for key, text in KEY_SETTINGS.items():
        monkeypatch.setenv(key, text)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    assert "localhost" in Bare().allowed_hosts
    with pytest.raises(ValidationError, match="Set DATABASE_URL"):
        Example()
    monkeypatch.setenv("PUBLIC_BASE_URL", "nowhere")
    with pytest.raises(ValidationError, match="is no address"):
        Bare()
