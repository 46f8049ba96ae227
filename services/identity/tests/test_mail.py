"""Codes by mail (identity §13), against a mail server of our own on loopback."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import Iterator
from email import message_from_bytes
from email.message import Message
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from identity_service.codes import service as codes
from identity_service.mail.service import Mailer
from identity_service.settings import IdentitySettings


class Letterbox:
    """Keeps what arrives; refuses one recipient."""

    def __init__(self) -> None:
        self.letters: list[Message] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if address.startswith("refused"):
            return "550 no such box"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.letters.append(message_from_bytes(envelope.content))
        return "250 OK"


@pytest.fixture
def server() -> Iterator[tuple[Letterbox, int]]:
    box = Letterbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        yield box, controller.port
    finally:
        controller.stop()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def mailer(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Mailer:
    given = {"INTERNAL_TOKEN": "0123456789abcdef", "DATABASE_URL": "postgresql://a@b/c", "SMTP_USE_TLS": "0"}
    for name, value in {**given, **environment}.items():
        monkeypatch.setenv(name, value)
    return Mailer(IdentitySettings())


@pytest.mark.parametrize("kind", [codes.REGISTER, codes.PASSWORD_RESET, codes.IDENTITY, codes.CHANGE_EMAIL])
def test_13_a_code_arrives_as_text_and_html(
    server: tuple[Letterbox, int], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    box, port = server
    sender = mailer(
        monkeypatch,
        SMTP_HOST="127.0.0.1",
        SMTP_PORT=str(port),
        SMTP_FROM_EMAIL="house@example.org",
        FRONTEND_VERIFY_URL="https://app.example/verify",
    )
    assert asyncio.run(sender.send_code(kind, "mira@example.org", "012345")) is True
    (letter,) = box.letters
    assert (letter["From"], letter["To"]) == ("house@example.org", "mira@example.org")
    parts = {
        part.get_content_type(): part.get_payload(decode=True).decode()
        for part in letter.walk()
        if not part.is_multipart()
    }  # type: ignore[union-attr]
    assert parts.keys() == {"text/plain", "text/html"}
    for text in parts.values():
        assert "012345" in text
        assert "mira@example.org" in text
        assert "24 hours" in text
        assert "https://app.example/verify" in text


def test_13_without_a_mail_server_one_line_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "notechondria.mail"):
        assert asyncio.run(mailer(monkeypatch).send_code(codes.REGISTER, "mira@example.org", "012345")) is False
    (record,) = caplog.records
    for word in ("mira@example.org", "reason=smtp_not_configured", "verification_code=012345"):
        assert word in record.getMessage()


def test_13_a_failed_delivery_names_the_error(
    server: tuple[Letterbox, int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    sender = mailer(monkeypatch, SMTP_HOST="127.0.0.1", SMTP_PORT=str(server[1]))
    with caplog.at_level(logging.WARNING, "notechondria.mail"):
        assert asyncio.run(sender.send_code(codes.REGISTER, "refused@example.org", "012345")) is False
    (record,) = caplog.records
    assert "reason=smtp_send_failed:SMTPRecipientsRefused" in record.getMessage()


def test_13_a_server_that_hangs_does_not_hold_the_request(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        port = silent.getsockname()[1]
        sender = mailer(monkeypatch, SMTP_HOST="127.0.0.1", SMTP_PORT=str(port), SMTP_TIMEOUT_SECONDS="0.3")
        assert asyncio.run(asyncio.wait_for(sender.send_code(codes.REGISTER, "a@example.org", "012345"), 5)) is False
