"""What the doctor says of settings, of the lines of .env and of mail."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from notechondria_cli.doctor import mail, names, settings
from notechondria_cli.ports import choose_port, release_port
from notechondria_launcher.settings_check import service_settings_problems
from notechondria_launcher.stack import Stack
from tests.support.certificates import self_signed
from tests.support.mail_server import mail_server
from tests.support.operator_command import operator_command
from tests.support.replica import another
from tests.test_doctor import document, texts


@pytest.mark.parametrize(
    ("variable", "value", "services"),
    [
        ("SMTP_PORT", "abc", {"identity"}),
        ("REGISTRATION", "sometimes", {"identity"}),
        ("DATABASE_POOL_SIZE", "0", {"identity", "notes", "planner", "mcp"}),
        ("MEDIA_STORE_URL", "ftp://x", {"identity", "notes", "planner", "mcp"}),
        ("MEDIA_STORE_URL", "s3://", {"identity", "notes", "planner", "mcp"}),
        ("MEDIA_STORE_URL", "s3:bucket", {"identity", "notes", "planner", "mcp"}),
        ("DATABASE_URL", "mysql://sam:secret@db/notes", {"identity", "notes", "planner", "mcp"}),
        ("DATABASE_URL", "https://db.example.org/notes", {"identity", "notes", "planner", "mcp"}),
        ("IMPORT_MAX_MIB", "many", {"notes", "web"}),
        ("CALENDAR_READERS", "-1", {"planner"}),
        ("MCP_TOOL_SECONDS", "100", {"mcp"}),
        ("DJANGO_LOG_LEVEL", "loud", {"identity", "notes", "planner", "mcp", "web"}),
    ],
)
def test_every_service_looks_at_its_own_settings(variable: str, value: str, services: set[str]) -> None:
    problems = list(service_settings_problems({variable: value}))
    assert {service for service, _, _ in problems} == services
    assert all(variable in f"{name} {text}" for _, name, text in problems)


def test_an_empty_environment_is_fine_and_stays_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMTP_PORT", "not looked at")
    assert list(service_settings_problems({})) == []
    assert list(service_settings_problems({"SMTP_PORT": "", "HOST": "::", "PORT": "x"})) == []


def test_a_stack_that_does_not_run_is_looked_at_too(tmp_path: Path) -> None:
    code, report = document(tmp_path / "none", SMTP_PORT="abc", SMTP_HSOT="mail.example.org")
    assert code == 1
    said = texts(report, "settings")
    assert "identity cannot start: SMTP_PORT: Input should be a valid integer" in said
    assert "SMTP_HSOT is no setting, so it does nothing. Did you mean SMTP_HOST?" in said


def test_lines_that_are_no_settings_are_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "# fine\n\nSMTP_HOST=a\nexport SMTP_PORT=25\nSMTP_PASSWORD secret-word\n<<<<<<< HEAD\nSMTP_HOST=b\n"
    )
    problems = [finding.problem for finding in names.file_problems(file)]
    assert [problem.partition(" of")[0] for problem in problems[:2]] == ["Line 5", "Line 6"]
    assert problems[2].startswith("SMTP_HOST stands twice")
    assert "(lines 3 and 7)" in problems[2]
    assert "secret-word" not in str(problems)
    assert list(names.file_problems(tmp_path / "none")) == []


def test_a_quotation_mark_that_is_not_closed_is_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=\"open\nB='open too\nC=\"closed\"\nD='it''s'\nE=don't\nF=\"a\" # why\n")
    problems = [finding.problem for finding in names.file_problems(file)]
    assert [problem.partition(" of")[0] for problem in problems] == ["Line 1", "Line 2"]
    assert "the mark that quotes A is not closed" in problems[0]


@pytest.mark.parametrize("name", settings.FLAGS)
def test_a_switch_that_is_neither_on_nor_off_is_named(name: str) -> None:
    def said(word: str) -> list[str]:
        return [finding.problem for finding in settings.problems({name: word}) if name in finding.problem]

    assert said("maybe") == [f"{name}=maybe is neither yes nor no, and counts as no."]
    assert [said(word) for word in ("", "0", "No", "1", "TRUE", " on ")] == [[]] * 6


def test_names_that_nobody_reads_are_named_with_the_one_that_was_meant(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text(
        "PUBLIC_BASE_URI=https://x.example\nPOSTGRES_PASSWORD=x\nAWS_REGION=x\nOTEL_X=1\nCOMPLETELY_ELSE=1\n"
        "SSL_CERT_FILE=x\nHTTPS_PROXY=x\n"
    )
    said = {finding.problem.split()[0]: finding.advice for finding in names.unknown({"PATH": "/", "X": "y"}, file)}
    assert said == {
        "PUBLIC_BASE_URI": "Did you mean PUBLIC_BASE_URL?",
        "COMPLETELY_ELSE": "sample.env lists all settings.",
    }


@pytest.mark.parametrize(("mode", "is_fine"), [(0o600, True), (0o640, True), (0o644, False), (0o660, False)])
def test_a_group_may_read_the_file_and_nobody_else(tmp_path: Path, mode: int, *, is_fine: bool) -> None:
    file = tmp_path / ".env"
    file.write_text("SMTP_PASSWORD=x\n")
    file.chmod(mode)
    assert (list(settings._env_file(file)) == []) is is_fine


class _Locked:
    """A mail server that asks who one is."""

    def __call__(self, server: Any, session: Any, envelope: Any, mechanism: str, data: Any) -> AuthResult:
        return AuthResult(success=(data.login, data.password) == (b"notes", b"right"), handled=False)


@contextmanager
def _server(**options: Any) -> Iterator[int]:
    controller = Controller(object(), hostname="127.0.0.1", port=choose_port(), **options)
    controller.start()
    try:
        yield controller.port
    finally:
        controller.stop()
        release_port(controller.port)


def said_of(port: int, **env: str) -> str:
    problems = mail.problems({"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), **env})
    return " ".join(f"{finding.problem} {finding.advice}" for finding in problems)


def test_a_mail_server_is_spoken_to() -> None:
    with mail_server() as (box, port):
        assert said_of(port, SMTP_USE_TLS="false") == ""
        assert "offers no STARTTLS" in said_of(port)
        assert "does not speak TLS" in said_of(port, SMTP_USE_SSL="true")
        assert "offers no STARTTLS, or no sign-in" in said_of(port, SMTP_USE_TLS="no", SMTP_USERNAME="a")
        assert box.letters == []
    assert "does not answer" in said_of(port)
    assert list(mail.problems({"SMTP_PORT": "25"})) == []


def test_its_certificate_and_the_password_for_it_are_tried(tmp_path: Path) -> None:
    certificate, key = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with _server(tls_context=context, authenticator=_Locked(), auth_required=True) as port:
        assert "certificate that is not trusted" in said_of(port)
    with _server(authenticator=_Locked(), auth_require_tls=False) as port:
        for password, says in (("right", ""), ("wrong", "refuses SMTP_USERNAME and SMTP_PASSWORD (535)")):
            said = said_of(port, SMTP_USE_TLS="0", SMTP_USERNAME="notes", SMTP_PASSWORD=password)
            assert (says in said) is True
            assert bool(said) is bool(says)


@pytest.fixture
def run(stack: Stack) -> Callable[..., Any]:
    return operator_command(stack)


def test_a_letter_is_sent_to_see_whether_it_arrives(stack: Stack, run: Callable[..., Any]) -> None:
    assert "no mail server is set" in run("mail", "test", "me@example.org", code=1)
    assert "email:" in run("mail", "test", "no address", code=1)
    with mail_server() as (box, port):
        options = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "SMTP_USE_TLS": "no"}
        with another(stack, "identity", **options) as url:
            answer = _trial(stack, url, "me@example.org")
            assert (answer["sent"], answer["server"]) == (True, f"127.0.0.1:{port}")
            assert [letter["To"] for letter in box.letters] == ["me@example.org"]
            refused = _trial(stack, url, "refused@example.org")
            assert refused["sent"] is False
            assert "no such box" in refused["problem"]


def _trial(stack: Stack, url: str, address: str) -> dict[str, Any]:
    headers = stack.internal_header("identity")
    answer = httpx.post(f"{url}/internal/operators/mail", json={"email": address}, headers=headers, timeout=30)
    assert answer.status_code == 200, answer.text
    said: dict[str, Any] = answer.json()
    return said
