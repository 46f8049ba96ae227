"""`notechondria doctor`: what is wrong, in sentences with advice; exit code 1 when something is."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from notechondria_cli.doctor import programs, settings
from notechondria_cli.ports import choose_port
from notechondria_launcher.stack import Stack
from tests.support.admin import make_staff
from tests.support.certificates import self_signed
from tests.support.client import Api, eventually
from tests.support.documents import SERVICES
from tests.support.programs import public_url


def run(data: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    """Type the command about a data folder; exit code and what it says."""
    return command("--data", str(data), *arguments, **environment)[:2]


def command(*arguments: str, **environment: str) -> tuple[int, str, str]:
    """Type the command; exit code, what it says, what it says as an error."""
    env = {
        "PATH": os.environ["PATH"],
        "HOME": os.environ.get("HOME", "/"),
        "NO_COLOR": "1",
        "COLUMNS": "300",
        **environment,
    }
    done = subprocess.run(
        [sys.executable, "-m", "notechondria_launcher", "doctor", *arguments],
        env=env, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def document(data: Path, **environment: str) -> tuple[int, dict[str, Any]]:
    code, said = run(data, "--json", **environment)
    found: dict[str, Any] = json.loads(said)
    assert found["healthy"] is (code == 0)
    return code, found


def texts(found: dict[str, Any], part: str, kind: str = "problems") -> str:
    return " ".join(f"{one['problem']} {one['advice']}" for one in found[kind] if one["part"] == part)


@pytest.mark.usefixtures("no_dead_letters")
def test_all_is_well(api: Api, stack: Stack) -> None:
    code, found = eventually(lambda: (answer := document(stack.data))[0] == 0 and answer, what="a healthy stack")
    assert code == 0
    assert (found["state"], found["problems"]) == ("running", [])
    assert found["version"] == api.get("handshake/").json()["version"]
    assert [one["name"] for one in found["services"]] == list(SERVICES)
    assert {(one["replicas"], one["migrations"]["current"], one["bus"]) for one in found["services"][:4]} == {
        (1, True, True)
    }
    assert (found["services"][4]["name"], found["services"][4]["reachable"]) == ("web", True)
    said = run(stack.data)[1]
    assert "All is well." in said
    assert "notes " in said


@pytest.mark.usefixtures("no_dead_letters")
def test_parts_that_are_down(stack: Stack) -> None:
    stack.stop_part("planner")
    try:
        code, found = document(stack.data)
        assert code == 1
        assert "notechondria logs --part planner" in texts(found, "planner")
        assert {one["name"]: one["reachable"] for one in found["services"]} == {
            "identity": True, "notes": True, "planner": False, "mcp": True, "web": True,
        }  # fmt: skip
        assert "planner" in run(stack.data)[1]
    finally:
        stack.start_part("planner")
    for part, says in (("nats", "not connected to the bus"), ("postgres", "cannot reach its database")):
        stack.stop_part(part)
        try:
            found = eventually(
                lambda: says in texts(answer := document(stack.data)[1], "notes") and answer, 20, what=says
            )
            assert "is down" in texts(found, part)
        finally:
            stack.start_part(part)
        eventually(lambda: document(stack.data)[0] == 0, what=f"healthy after {part} began again")
    stack.stop_part("gateway")
    try:
        code, found = document(stack.data)
        assert code == 1
        assert texts(found, "gateway")
        assert texts(found, "notes") == ""
    finally:
        stack.start_part("gateway")
    eventually(lambda: document(stack.data)[0] == 0, what="healthy again")


@pytest.mark.usefixtures("no_dead_letters")
def test_dead_letters_are_reported_with_what_to_do(stack: Stack) -> None:
    with psycopg.connect(stack.admin_database_url, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO mcp.dead_letters (subject, body, error, attempts) VALUES ('identity.user.deleted', '', '', 4)"
        )
        try:
            code, found = document(stack.data)
        finally:
            connection.execute("DELETE FROM mcp.dead_letters")
    assert code == 1
    assert "1 dead letters of mcp" in texts(found, "mcp")
    assert "notechondria events dead-letters list" in texts(found, "mcp")


def test_a_data_folder_that_others_can_read(stack: Stack) -> None:
    for path, mode in ((stack.layout.credentials, 0o600), (stack.layout.logs, 0o700)):
        path.chmod(0o755)
        try:
            code, found = document(stack.data)
        finally:
            path.chmod(mode)
        assert code == 1
        assert f"chmod {mode:o} {path}" in texts(found, "data folder")


def test_a_service_of_another_version(stack: Stack) -> None:
    code, found = document(stack.data, BACKEND_VERSION="99.0.0")
    assert code == 1
    assert "the files here are 99.0.0" in texts(found, "notes")


def test_nothing_runs(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        code, found = document(tmp_path / "none", NOTECHONDRIA_PORT=port)
        assert code == 1
        assert f"Port {port} is in use" in texts(found, "ports")
    code, found = document(tmp_path / "none", NOTECHONDRIA_PORT=port)
    assert (code, found["state"], found["services"]) == (0, "stopped", [])
    assert "Nothing is running" in texts(found, "launcher", "hints")
    assert not (tmp_path / "none").exists()


def test_a_database_of_another_postgres(tmp_path: Path) -> None:
    (tmp_path / "postgres/cluster").mkdir(parents=True)
    (tmp_path / "postgres").chmod(0o700)
    (tmp_path / "postgres/cluster/PG_VERSION").write_text("9\n")
    code, found = document(tmp_path, NOTECHONDRIA_PORT="1")
    assert code == 1
    assert "made by Postgres 9" in texts(found, "versions")


@pytest.fixture(scope="module")
def key_file(api: Api, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the key of somebody who is staff."""
    file = tmp_path_factory.mktemp("keys") / "key"
    file.write_text(make_staff(api, api.register()).rotate_key() + "\n")
    return file


def elsewhere(url: str, key_file: Path) -> tuple[int, dict[str, Any]]:
    code, said, _ = command("--url", url, "--key-file", str(key_file), "--json")
    found: dict[str, Any] = json.loads(said)
    assert found["healthy"] is (code == 0)
    assert found["url"] == url
    return code, found


def test_elsewhere_the_same_is_reported_through_the_gateway(api: Api, stack: Stack, key_file: Path) -> None:
    code, found = eventually(lambda: (answer := elsewhere(stack.url, key_file))[0] == 0 and answer, 20, what="health")
    here = document(stack.data)[1]
    assert {name: found[name] for name in ("state", "version", "problems", "hints")} == {
        "state": "running", "version": api.get("handshake/").json()["version"], "problems": [], "hints": [],
    }  # fmt: skip
    assert [one["name"] for one in found["services"]] == [one["name"] for one in here["services"]] == list(SERVICES)
    code, said, _ = command("--url", stack.url, "--key-file", str(key_file))
    assert (code, "All is well." in said, "notes " in said) == (0, True, True)
    stack.stop_part("planner")
    try:
        code, found = elsewhere(stack.url, key_file)
    finally:
        stack.start_part("planner")
    assert code == 1
    assert "notechondria logs --part planner" in texts(found, "planner")
    assert {one["name"]: one["reachable"] for one in found["services"]}["planner"] is False


def test_elsewhere_without_leave_or_without_anybody(api: Api, stack: Stack, key_file: Path, tmp_path: Path) -> None:
    of_nobody, of_somebody = tmp_path / "nobody", tmp_path / "somebody"
    of_nobody.write_text("ntc_" + "0" * 32)
    of_somebody.write_text(api.register().rotate_key())
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        for url, file, part, says in (
            (stack.url, of_nobody, "key", "not known there"),
            (stack.url, of_somebody, "key", "notechondria staff grant"),
            (f"http://127.0.0.1:{closed.getsockname()[1]}", key_file, "gateway", "does not answer"),
            (stack.url.replace("http:", "https:"), key_file, "gateway", "does not answer"),
            (f"http://127.0.0.1:{stack.ports['gateway_ping']}", key_file, "address", "not as Notechondria would"),
            (f"{stack.url}/api", key_file, "address", "answers 404"),
        ):
            code, found = elsewhere(url, file)
            assert (code, found["state"], found["services"], found["hints"]) == (1, "unknown", [], [])
            assert says in texts(found, part), found
        # A name for this machine that does not look like it.
        _, found = elsewhere(f"http://[::ffff:127.0.0.1]:{closed.getsockname()[1]}", key_file)
        assert "https://" in texts(found, "address", "hints")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--url", "http://localhost"), "do not fit together"),
        (("--key-file", "/nowhere"), "do not fit together"),
        (("--url", "http://localhost", "--key-file", "/nowhere"), "cannot be read"),
        (("--url", "http://localhost", "--key-file", __file__), "holds no API key"),
    ],
)
def test_options_of_elsewhere(arguments: tuple[str, ...], says: str) -> None:
    code, said, error = command(*arguments)
    assert (code, said) == (1, "")
    assert says in error


def test_an_address_of_elsewhere(key_file: Path) -> None:
    code, _, error = command("--url", "notes.example.org", "--key-file", str(key_file))
    assert (code, "is no address" in error) == (1, True)


PUBLIC = "https://notes.example.org"
ACME = {"PUBLIC_BASE_URL": PUBLIC, "ACME_EMAIL": "me@example.org"}


@pytest.mark.parametrize(
    ("env", "says"),
    [
        ({"TRUSTED_PROXIES": "10.0.0.1"}, "Set PUBLIC_BASE_URL"),
        ({"TRUSTED_PROXIES": "10.0.0.1", "PUBLIC_BASE_URL": "http://localhost:8080"}, "Set PUBLIC_BASE_URL"),
        ({"TRUSTED_PROXIES": "10.0.0.1", "PUBLIC_BASE_URL": PUBLIC}, ""),
        ({"TRUSTED_PROXIES": "10.0.0.1 proxy.local", "PUBLIC_BASE_URL": PUBLIC}, "proxy.local is no address"),
        ({"TRUSTED_PROXIES": "0.0.0.0/0", "PUBLIC_BASE_URL": PUBLIC}, "believes everybody"),
        ({"PUBLIC_BASE_URL": PUBLIC}, "Set TRUSTED_PROXIES"),
        ({"PUBLIC_BASE_URL": PUBLIC, "ACME_EMAIL": "me@example.org"}, ""),
        ({"PUBLIC_BASE_URL": "notes.example.org"}, "is no address"),
        ({"ACME_EMAIL": "me@example.org"}, "ACME_EMAIL needs PUBLIC_BASE_URL"),
        ({"PUBLIC_BASE_URL": "https://localhost", "ACME_EMAIL": "me@example.org"}, "no certificates for this machine"),
        ({**ACME, "ACME_DIRECTORY": "ca.internal/directory"}, "ca.internal/directory is no https address"),
        ({**ACME, "ACME_CA_FILE": "/nowhere.pem"}, "ACME_CA_FILE cannot be read"),
        ({**ACME, "ACME_DIRECTORY": "https://ca.internal/directory"}, ""),
        ({"TLS_CERT_FILE": "/nowhere.pem"}, "belong together"),
        ({"TLS_CERT_FILE": "/nowhere.pem", "TLS_KEY_FILE": "/nowhere.key"}, "cannot be read"),
        ({"PUBLIC_BASE_URL": PUBLIC, "TRUSTED_PROXIES": "10.0.0.1", "DJANGO_DEBUG": "true"}, "DJANGO_DEBUG is on"),
        ({"DJANGO_DEBUG": "true"}, ""),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, "traces are lost"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "nonsense"}, "traces are lost"),
        ({}, ""),
    ],
)
def test_settings_that_do_not_fit_together(env: dict[str, str], says: str) -> None:
    found = [f"{one.problem} {one.advice}" for one in settings.problems(env)]
    assert len(found) == bool(says), found
    assert says in " ".join(found)


def test_hints_where_strangers_can_call() -> None:
    assert list(settings.hints({"AUTH_RATE_PER_MINUTE": "0"})) == []
    assert [one.problem for one in settings.hints({"INTERNAL_TOKEN": "x" * 16})] == ["INTERNAL_TOKEN no longer counts."]
    found = " ".join(one.problem for one in settings.hints({"PUBLIC_BASE_URL": PUBLIC, "AUTH_RATE_PER_MINUTE": "0"}))
    assert "AUTH_RATE_PER_MINUTE=0" in found
    assert "SMTP_HOST" in found


def test_a_public_address_without_tls_is_no_place_for_agents_of_others() -> None:
    hints = [one.problem for one in settings.hints({"PUBLIC_BASE_URL": "http://notes.example.org", "SMTP_HOST": "x"})]
    # Beside what the sign-in pages lack there.
    assert "PUBLIC_BASE_URL is not https: agents in somebody's cloud (Claude, ChatGPT) do not connect to it." in hints
    apps = {"FRONTEND_ORIGIN": "https://app.example.org"}
    assert not list(settings.hints({"PUBLIC_BASE_URL": PUBLIC, "SMTP_HOST": "x", **apps}))


def test_programs_find_their_way_by_the_public_address_only(api: Api, stack: Stack) -> None:
    assert list(programs.problems_of(public_url(api))) == []
    (found,) = programs.problems_of(stack.url)  # the same gateway, by a name that is not the public one
    assert f"{stack.url}/mcp says that programs are to ask at {public_url(api)}" in found.problem
    assert "PUBLIC_BASE_URL" in found.advice


BASE = "https://notes.example.org"
CHALLENGE = f'Bearer resource_metadata="{BASE}/.well-known/oauth-protected-resource/mcp"'
ENDPOINTS = {f"{name}_endpoint": f"{BASE}/oauth/{name}" for name in ("authorization", "token", "registration")}


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ([(401, CHALLENGE, {}), (200, "", {"resource": f"{BASE}/mcp"}), (200, "", {"issuer": BASE, **ENDPOINTS})], ""),
        ([(404, "", {})], "answers 404 to strangers"),
        ([(401, "Token", {})], "does not say where"),
        ([(401, CHALLENGE.replace("https", "http"), {})], "are to ask at http://"),
        ([(401, CHALLENGE, {}), (404, "", {})], "answers 404"),
        ([(401, CHALLENGE, {}), (200, "", {"resource": f"{BASE}/"})], "not https://notes.example.org/mcp"),
        ([(401, CHALLENGE, {}), (200, "", {"resource": f"{BASE}/mcp"}), (200, "", {"issuer": f"{BASE}/"})], "issuer"),
        (
            [(401, CHALLENGE, {}), (200, "", {"resource": f"{BASE}/mcp"}), (200, "", {"issuer": BASE})],
            "authorization endpoint is None",
        ),
    ],
)
def test_what_a_program_would_stumble_over(answers: list[tuple[int, str, dict[str, Any]]], says: str) -> None:
    given = iter(answers)
    found = [one.problem for one in programs.problems(lambda method, path: programs.Answer(*next(given)), f"{BASE}/")]
    assert bool(found) is bool(says), found
    assert says in " ".join(found)


def test_tls_that_is_wished_and_not_there(stack: Stack, tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path)
    port = str(choose_port())
    _, found = document(stack.data, TLS_CERT_FILE=str(cert), TLS_KEY_FILE=str(key), TLS_PORT=port)
    assert f"There is no TLS on port {port}" in texts(found, "gateway")
    assert "TLS_PORT=x is not a whole number" in texts(document(stack.data, **ACME, TLS_PORT="x")[1], "gateway")


@pytest.mark.parametrize(("days", "says"), [(-1, "ended on"), (5, "ends in 4 days"), (90, "")])
def test_a_certificate_that_ends(tmp_path: Path, days: int, says: str) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    at = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(at - timedelta(days=100))
        .not_valid_after(at + timedelta(days=days)).sign(key, hashes.SHA256())
    )  # fmt: skip
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    files[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    env = {"TLS_CERT_FILE": str(files[0]), "TLS_KEY_FILE": str(files[1])}
    found = [one.problem for one in settings.problems(env)]
    assert len(found) == bool(says)
    assert says in " ".join(found)


def test_it_says_what_the_sign_in_pages_lack() -> None:
    def said(**env: str) -> list[str]:
        return [one.problem for one in settings.hints({"PUBLIC_BASE_URL": PUBLIC, "SMTP_HOST": "mail", **env})]

    assert [one for one in said() if "cannot sign people in" in one]
    named = {"FRONTEND_ORIGIN": "https://apps.example.org"}
    assert said(**named) == []
    assert said(SIGN_IN_SITE="off") == []
    assert [one for one in said(**named, PUBLIC_BASE_URL="http://notes.example.org") if "Passkeys" in one]
    google = {
        **named,
        "GOOGLE_OAUTH_CLIENT_SECRET": "x",
        "GOOGLE_AUTHORIZED_REDIRECT_URIS": "https://apps.example.org/g",
    }
    assert [one for one in said(**google) if one.startswith("Google is not offered")]
    base = PUBLIC.rstrip("/")
    for path in ("/account/google/callback/", "/auth/google/callback"):
        listed = f"https://apps.example.org/g,{base}{path}"
        assert said(**{**google, "GOOGLE_AUTHORIZED_REDIRECT_URIS": listed}) == []
