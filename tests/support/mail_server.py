"""A mail server of our own on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import Message
from typing import Any

from aiosmtpd.controller import Controller

from notechondria_cli.ports import choose_port, release_port


class MailServer:
    """Keeps what arrives; refuses recipients that begin with `refused`."""

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


@contextmanager
def mail_server() -> Iterator[tuple[MailServer, int]]:
    """The box and the port of the server in front of it."""
    box = MailServer()
    controller = Controller(box, hostname="127.0.0.1", port=choose_port())
    controller.start()
    try:
        yield box, controller.port
    finally:
        controller.stop()
        release_port(controller.port)
