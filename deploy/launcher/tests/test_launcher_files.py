"""Small readers and writers: passwords, environment files, log lines, rendered configuration."""

import json
from pathlib import Path

import pytest
import yaml

from notechondria_cli.access_log import parse, render
from notechondria_cli.credentials import Credentials
from notechondria_cli.database import with_user
from notechondria_cli.doctor import settings
from notechondria_cli.errors import StackError
from notechondria_cli.gateway_settings import checked
from notechondria_cli.layout import GATEWAY_ROUTES, GATEWAY_STATIC, default_data_folder
from notechondria_cli.log_view import follow, tail
from notechondria_cli.operator_env import gateway_port, read_env_file
from notechondria_launcher.process import shorten
from notechondria_launcher.traefik import render_static


def test_passwords_are_kept_and_a_missing_one_is_added(tmp_path: Path) -> None:
    path = tmp_path / "secrets.json"
    first = Credentials.load_or_create(path)
    assert Credentials.load_or_create(path) == first
    known = json.loads(path.read_text())
    del known["nats"]["admin"]
    path.write_text(json.dumps(known))
    second = Credentials.load_or_create(path)
    assert second.database == first.database
    assert second.nats["admin"] != first.nats["admin"]
    assert all(password[0].isalpha() for password in second.nats.values())


def test_a_damaged_password_file_is_reported(tmp_path: Path) -> None:
    (tmp_path / "secrets.json").write_text("{")
    with pytest.raises(StackError, match="damaged"):
        Credentials.load_or_create(tmp_path / "secrets.json")


def test_env_files_are_read(tmp_path: Path) -> None:
    path = tmp_path / ".env"
    path.write_text("# comment\nA=1\nexport B = two words # why\nC='#x'\nD=\"\"\nE=a=b#c\nnonsense\n")
    assert read_env_file(path) == {"A": "1", "B": "two words", "C": "#x", "D": "", "E": "a=b#c"}
    assert read_env_file(tmp_path / "absent") == {}
    path.write_text("A='x # y' # why\nB= # nothing\nC=it's\nD='it's'\nE=#x\nF=\"a\" b\n", encoding="utf-8-sig")
    assert read_env_file(path) == {"A": "x # y", "B": "", "C": "it's", "D": "it's", "E": "#x", "F": '"a" b'}
    path.write_bytes(b"A=\xff")
    with pytest.raises(StackError, match="cannot be read"):
        read_env_file(path)
    with pytest.raises(StackError, match="cannot be read"):
        read_env_file(tmp_path)


def test_numbers_of_the_environment() -> None:
    assert gateway_port({}) == 8080
    assert gateway_port({"NOTECHONDRIA_PORT": " 9000 "}) == 9000
    for text in ("x", "-1", "70000", "1.5"):
        with pytest.raises(StackError, match="NOTECHONDRIA_PORT"):
            gateway_port({"NOTECHONDRIA_PORT": text})


def test_the_data_folder(tmp_path: Path) -> None:
    assert default_data_folder({"NOTECHONDRIA_DATA": str(tmp_path)}) == tmp_path
    assert default_data_folder({}).name == ".data"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://a:b@h:5/d?sslmode=require", "postgresql://notes:p%2F@h:5/d?sslmode=require"),
        ("postgres://h/d", "postgresql://notes:p%2F@h/d"),
    ],
)
def test_a_database_url_for_a_role(url: str, expected: str) -> None:
    assert with_user(url, "notes", "p/") == expected


def entry(status: int, milliseconds: float, path: str = "/api/v1/settings/") -> str:
    """Return a line as the gateway writes it."""
    return json.dumps(
        {
            "StartUTC": "2026-04-02T09:15:00.120045678Z",
            "DownstreamStatus": status,
            "Duration": int(milliseconds * 1e6),
            "RequestMethod": "GET",
            "RequestPath": path,
            "ServiceName": "identity@file",
            "downstream_X-Request-Id": "r-1",
        }
    )


@pytest.mark.parametrize(
    ("status", "milliseconds", "level", "colour"),
    [
        (200, 12.4, "INFO", 36),
        (404, 1, "WARNING", 33),
        (200, 500, "WARNING", 33),
        (200, 499.9, "INFO", 36),
        (503, 1, "CRITICAL", 31),
        (200, 2000, "CRITICAL", 31),
    ],
)
def test_access_lines(status: int, milliseconds: float, level: str, colour: int) -> None:
    request = parse(entry(status, milliseconds))
    assert request is not None
    text = f"{status}  {milliseconds:7.1f}ms  GET    /api/v1/settings/"
    assert render(request, colour=False).endswith(f" {level:<8} {text}  [identity r-1]")
    assert f"\x1b[{colour}m{text}\x1b[0m" in render(request, colour=True)


def test_a_path_cannot_write_to_the_terminal() -> None:
    request = parse(entry(200, 1, "/\x1b[2J\nx?token=1"))
    assert request is not None
    assert request.path == "/\x1b[2J\nx"
    assert "\x1b" not in render(request, colour=False)
    assert "\n" not in render(request, colour=False)


def test_who_called_is_a_services_word_and_not_the_clients() -> None:
    line = json.loads(entry(400, 1)) | {"request_X-User-Id": "7"}
    users = []
    for changed in ({}, {"ServiceName": ""}, {"request_X-User-Id": "secret"}):
        request = parse(json.dumps(line | changed))
        assert request is not None
        users.append(request.user_id)
    assert users == [7, None, None]


def test_what_is_no_access_line() -> None:
    assert [parse(line) for line in ("", "{", "[]", "1", "{}", entry(200, 1)[:-20])] == [None] * 6


def test_reading_a_log_from_its_end_and_on(tmp_path: Path) -> None:
    path = tmp_path / "log"
    assert tail(path, 5) == ([], 0)
    path.write_text("".join(f"line {number}\n" for number in range(20_000)) + "half")
    last, offset = tail(path, 2)
    assert last == ["line 19998", "line 19999"]
    assert tail(path, 0) == ([], offset)
    assert tail(path, 3, lambda line: line.endswith("77"))[0] == ["line 19777", "line 19877", "line 19977"]
    assert len(tail(path, 50_000)[0]) == 20_000
    lines = follow(path, offset)
    with path.open("a") as file:
        file.write(" a line\nnext\n")
    assert [next(lines), next(lines)] == ["half a line", "next"]
    path.write_text("anew\n")
    assert next(lines) == "anew"


def test_the_static_file_keeps_what_it_says_and_gets_local_addresses() -> None:
    source = GATEWAY_STATIC.read_text()
    rendered = yaml.safe_load(render_static(source, "::1", 9000, 9001, GATEWAY_ROUTES, Path("/l/access.log"), {}))
    assert rendered["entryPoints"]["web"]["address"] == "[::1]:9000"
    assert rendered["entryPoints"]["traefik"]["address"] == "127.0.0.1:9001"
    assert rendered["accessLog"]["bufferingSize"] == 0
    assert rendered["accessLog"]["fields"]["queryParameters"] == {"defaultMode": "drop"}
    assert rendered["global"] == {"checkNewVersion": False, "sendAnonymousUsage": False}
    with pytest.raises(StackError):
        render_static("entryPoints: {}", "::1", 1, 2, GATEWAY_ROUTES, Path("/l"), {})


def test_a_log_that_grew_large_is_put_aside_under_its_writer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("notechondria_launcher.process._LOG_LIMIT_BYTES", 100)
    log = tmp_path / "part.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"x" * 100)
        assert not shorten(log)
        writer.write(b"y\n")
        assert shorten(log)
        writer.write(b"next\n")
    assert log.read_bytes() == b"next\n"
    assert (tmp_path / "part.log.1").read_bytes() == b"x" * 100 + b"y\n"
    assert not shorten(tmp_path / "nothing.log")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AUTH_RATE_PER_MINUTE", "many"),
        ("GATEWAY_PATIENCE_SECONDS", "-1"),
        ("TLS_PUBLIC_PORT", "0"),
        ("TRUSTED_PROXIES", "10.0.0.0/8 proxy.example"),
        ("PUBLIC_BASE_URL", "notes.example.org"),
        ("PUBLIC_BASE_URL", "https://[notes"),
        ("AI_SERVICE_URL", "ai.internal:9000"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", 'http://a"b'),
    ],
)
def test_a_setting_that_the_gateway_cannot_use_is_one_sentence(name: str, value: str) -> None:
    with pytest.raises(StackError) as refusal:
        checked({name: value})
    assert name in refusal.value.sentence
    assert name in " ".join(finding.problem for finding in settings.problems({name: value}))


def test_every_setting_that_the_gateway_cannot_use_is_named_at_once() -> None:
    wrong = {
        "AUTH_RATE_PER_MINUTE": "lots", "GATEWAY_PATIENCE_SECONDS": "soon", "HSTS_SECONDS": "1y",
        "TLS_PUBLIC_PORT": "0", "AI_SERVICE_URL": "nowhere", "PUBLIC_BASE_URL": "example.org",
        "TRUSTED_PROXIES": "10.0.0.0/99",
    }  # fmt: skip
    said = [finding.problem for finding in settings.problems(wrong)]
    for name in wrong:
        assert sum(name in problem for problem in said) == 1, said


def test_the_gateway_reads_the_numbers_and_lists_that_we_read() -> None:
    read = checked({"AUTH_RATE_PER_MINUTE": " 08 ", "DJANGO_ALLOWED_HOSTS": "a.example\nb.example"})
    assert (read["AUTH_RATE_PER_MINUTE"], read["GATEWAY_PATIENCE_SECONDS"]) == ("8", "10")
    assert read["DJANGO_ALLOWED_HOSTS"] == "a.example b.example"
