"""Codes by mail (identity §13), against a mail server of our own on loopback."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from email.message import Message
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult
from tests.support.certificates import self_signed
from tests.support.keys import KEY_SETTINGS
from tests.support.mail_server import MailServer, mail_server

from identity_service.codes import service as codes
from identity_service.mail.service import Mailer
from identity_service.settings import IdentitySettings
from notechondria_cli.ports import choose_port


def text_of(part: Message) -> str:
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()


@pytest.fixture
def server() -> Iterator[tuple[MailServer, int]]:
    with mail_server() as running:
        yield running


def mailer(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Mailer:
    given = {**KEY_SETTINGS, "DATABASE_URL": "postgresql://a@b/c", "SMTP_USE_TLS": "0"}
    for name, value in {**given, **environment}.items():
        monkeypatch.setenv(name, value)
    return Mailer(IdentitySettings())


@pytest.mark.contract("identity §13")
@pytest.mark.parametrize("kind", [codes.REGISTER, codes.PASSWORD_RESET, codes.IDENTITY, codes.CHANGE_EMAIL])
@pytest.mark.parametrize(
    ("life", "said"),
    [
        (codes.LIFE, "15 minutes"),
        (timedelta(hours=1), "1 hour."),
        (timedelta(hours=24), "24 hours"),
    ],
)
def test_a_code_arrives_as_text_and_html(
    server: tuple[MailServer, int], monkeypatch: pytest.MonkeyPatch, kind: str, life: timedelta, said: str
) -> None:
    box, port = server
    sender = mailer(
        monkeypatch,
        SMTP_HOST="127.0.0.1",
        SMTP_PORT=str(port),
        SMTP_FROM_EMAIL="mail@example.org",
        FRONTEND_VERIFY_URL="https://app.example/verify",
    )
    sent = asyncio.run(sender.send_code(kind, "mira@example.org", "012345", life=life, username="<mira>"))
    assert sent is True
    (letter,) = box.letters
    assert (letter["From"], letter["To"]) == ("mail@example.org", "mira@example.org")
    assert abs(parsedate_to_datetime(letter["Date"]).timestamp() - time.time()) < 60
    assert letter["Message-ID"].endswith("@example.org>")
    parts = {part.get_content_type(): text_of(part) for part in letter.walk() if not part.is_multipart()}
    assert parts.keys() == {"text/plain", "text/html"}
    assert "User name: <mira>" in parts["text/plain"]
    assert "User name: &lt;mira&gt;" in parts["text/html"]
    for text in parts.values():
        assert "012345" in text
        assert "mira@example.org" in text
        assert f"good for {said}" in text
        assert "https://app.example/verify" in text


@pytest.mark.contract("identity §13")
def test_without_a_mail_server_one_line_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "notechondria.mail"):
        assert asyncio.run(mailer(monkeypatch).send_code(codes.REGISTER, "mira@example.org", "012345")) is False
    (record,) = caplog.records
    for word in ("mira@example.org", "reason=smtp_not_configured", "verification_code=012345"):
        assert word in record.getMessage()


@pytest.mark.contract("identity §13", "decision 50")
@pytest.mark.parametrize(
    ("url", "setting", "logged"),
    [
        ("http://localhost:8080", "", True),
        ("http://127.0.0.1:8080", "", True),
        ("http://[::1]:8080", "", True),
        ("https://notes.example.org", "", False),
        ("http://192.168.1.20:8080", "", False),
        ("https://localhost.example.org", "", False),
        ("https://notes.example.org", "1", True),
        ("http://localhost:8080", "0", False),
    ],
)
def test_a_code_stands_beside_an_address_in_development_only(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, url: str, setting: str, logged: bool
) -> None:
    monkeypatch.setenv("PUBLIC_BASE_URL", url)
    monkeypatch.setenv("LOG_CODES", setting)
    with caplog.at_level(logging.WARNING, "notechondria.mail"):
        asyncio.run(mailer(monkeypatch).send_code(codes.REGISTER, "mira@example.org", "012345"))
    (record,) = caplog.records
    assert ("012345" in record.getMessage(), "mira@example.org" in record.getMessage()) == (logged, logged)
    assert "reason=smtp_not_configured" in record.getMessage()


@pytest.mark.contract("identity §13")
def test_a_failed_delivery_names_the_error(
    server: tuple[MailServer, int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sender = mailer(monkeypatch, SMTP_HOST="127.0.0.1", SMTP_PORT=str(server[1]))
    with caplog.at_level(logging.WARNING, "notechondria.mail"):
        assert asyncio.run(sender.send_code(codes.REGISTER, "refused@example.org", "012345")) is False
    (record,) = caplog.records
    assert "reason=smtp_send_failed:SMTPRecipientsRefused" in record.getMessage()
    assert "012345" not in record.getMessage()  # it is the recipient's alone (decision 44)


@pytest.mark.contract("identity §13")
def test_a_server_that_hangs_does_not_hold_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        sender = mailer(monkeypatch, SMTP_HOST="127.0.0.1", SMTP_PORT=str(port), SMTP_TIMEOUT_SECONDS="0.3")
        assert asyncio.run(asyncio.wait_for(sender.send_code(codes.REGISTER, "a@example.org", "012345"), 5)) is False


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that signs itself, with its key in one file."""
    cert, key = self_signed(tmp_path_factory.mktemp("tls"))
    both = cert.with_name("both.pem")
    both.write_bytes(key.read_bytes() + cert.read_bytes())
    return both


def authenticator(server: Any, session: Any, envelope: Any, mechanism: str, auth_data: Any) -> AuthResult:
    right = (auth_data.login, auth_data.password) == (b"mailer", b"mail-secret")
    return AuthResult(success=right, handled=False)  # the server itself says no


# The server's library knows only STARTTLS as TLS, and warns although the connection is encrypted from the first byte.
@pytest.mark.contract("identity §14")
@pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS")
@pytest.mark.parametrize("mode", ["STARTTLS", "SSL"])
@pytest.mark.parametrize(("password", "sent"), [("mail-secret", True), ("wrong", False)])
def test_mail_is_sent_by_every_tls_mode_with_sign_in(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    certificate: Path,
    mode: str,
    password: str,
    *,
    sent: bool,
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    box = MailServer()
    starttls = {"tls_context": context, "require_starttls": True}
    options: dict[str, Any] = starttls if mode == "STARTTLS" else {"ssl_context": context, "auth_require_tls": False}
    controller = Controller(
        box, hostname="localhost", port=choose_port(), authenticator=authenticator, auth_required=True, **options
    )
    controller.start()
    try:
        monkeypatch.setenv("SSL_CERT_FILE", str(certificate))  # the stack trusts what the machine trusts
        sender = mailer(
            monkeypatch,
            SMTP_HOST="localhost",
            SMTP_PORT=str(controller.port),
            SMTP_USERNAME="mailer",
            SMTP_PASSWORD=password,
            SMTP_USE_TLS="True" if mode == "STARTTLS" else "False",
            SMTP_USE_SSL="True" if mode == "SSL" else "False",
            SMTP_FROM_EMAIL="mail@example.org",
        )
        assert asyncio.run(sender.send_code(codes.REGISTER, "mira@example.org", "012345")) is sent
    finally:
        controller.stop()
    assert len(box.letters) == int(sent)
    assert "mail-secret" not in caplog.text
    if not sent:
        assert "reason=smtp_send_failed:SMTPAuthenticationError" in caplog.text


@pytest.mark.contract("identity §14")
def test_an_untrusted_certificate_gets_no_mail(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, certificate: Path
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    box = MailServer()
    controller = Controller(box, hostname="localhost", port=choose_port(), tls_context=context)
    controller.start()
    try:
        sender = mailer(monkeypatch, SMTP_HOST="localhost", SMTP_PORT=str(controller.port), SMTP_USE_TLS="True")
        with caplog.at_level(logging.WARNING, "notechondria.mail"):
            assert asyncio.run(sender.send_code(codes.REGISTER, "mira@example.org", "012345")) is False
    finally:
        controller.stop()
    assert box.letters == []
    assert "reason=smtp_send_failed:" in caplog.text


@pytest.mark.contract("identity §13")
def test_a_server_that_drips_does_not_hold_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    class Slow(MailServer):
        async def handle_EHLO(  # noqa: N802
            self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
        ) -> list[str]:
            await asyncio.sleep(0.25)
            session.host_name = hostname
            return responses

        async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
            await asyncio.sleep(0.25)
            envelope.mail_from = address
            return "250 OK"

    controller = Controller(Slow(), hostname="127.0.0.1", port=choose_port())
    controller.start()
    try:
        given = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(controller.port), "SMTP_TIMEOUT_SECONDS": "0.4"}
        assert asyncio.run(mailer(monkeypatch, **given).send_code(codes.REGISTER, "a@example.org", "012345")) is False
    finally:
        controller.stop()


@pytest.mark.contract("identity §13")
def test_the_mail_connection_ends_with_the_try(monkeypatch: pytest.MonkeyPatch, certificate: Path) -> None:
    """A server that leaves the end of TLS unanswered does not hold a socket here."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    ended = threading.Event()

    def refuse(listener: socket.socket) -> None:
        accepted, _ = listener.accept()
        accepted.settimeout(10)
        connection = context.wrap_socket(accepted, server_side=True)
        for line in (b"220 box", b"250-box\r\n250 AUTH PLAIN", b"535 no"):
            connection.sendall(line + b"\r\n")
            connection.recv(1000)
        with socket.socket(fileno=connection.detach()) as plain:
            plain.settimeout(10)
            while plain.recv(1000):  # what is left of TLS
                pass
            ended.set()

    async def send(sender: Mailer) -> tuple[bool, bool]:
        sent = await sender.send_code(codes.REGISTER, "mira@example.org", "012345")
        return sent, await asyncio.to_thread(ended.wait, 5)

    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        thread = threading.Thread(target=refuse, args=(listener,))
        thread.start()
        given = {"SMTP_HOST": "localhost", "SMTP_PORT": str(listener.getsockname()[1]), "SMTP_USE_SSL": "True"}
        sender = mailer(monkeypatch, **given, SMTP_USERNAME="mailer", SMTP_PASSWORD="wrong")
        assert asyncio.run(send(sender)) == (False, True)
        thread.join()
