"""An identity that sends mail to a server of ours, asked directly: each call says from which address it comes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import Message

import httpx

from notechondria_launcher.stack import Stack
from tests.support.client import PASSWORD, eventually
from tests.support.mail_server import MailServer, mail_server
from tests.support.replica import another


@dataclass
class DirectIdentity:
    """The service and the letters that it sent."""

    url: str
    mail: MailServer = field(default_factory=MailServer)
    read: set[int] = field(default_factory=set)

    def call(self, path: str, source: str, token: str = "", **body: str) -> httpx.Response:
        """`POST /api/v1/auth/<path>/` from an address, signed in with a token."""
        headers = {"X-Forwarded-For": source} | ({"Authorization": f"Token {token}"} if token else {})
        return httpx.post(f"{self.url}/api/v1/auth/{path}/", json=body, headers=headers, trust_env=False, timeout=20)

    def sign_in(self, name: str, source: str, password: str = PASSWORD) -> int:
        """The status of a sign-in."""
        return self.call("login", source, email=name, password=password).status_code

    def letter(self, address: str) -> str:
        """The text of the newest letter to an address that was not read yet."""
        found = eventually(lambda: self._unread(address), what=f"a letter to {address}")
        self.read.add(id(found[-1]))
        return text_of(found[-1])

    def _unread(self, address: str) -> list[Message]:
        return [one for one in self.mail.letters if one["To"] == address and id(one) not in self.read]

    def register(self, address: str, name: str, password: str, source: str) -> str:
        """Register; the code of the letter."""
        answer = self.call("register", source, username=name, email=address, password=password)
        assert (answer.status_code, answer.json()["delivery_fallback"]) == (201, False), answer.text
        return code_in(self.letter(address))


def text_of(letter: Message) -> str:
    plain = next(part for part in letter.walk() if part.get_content_type() == "text/plain")
    payload = plain.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode().replace("\r\n", "\n")


def code_in(text: str) -> str:
    return text.partition("Code: ")[2][:6]


@contextmanager
def direct_with_mail(stack: Stack, **environment: str) -> Iterator[DirectIdentity]:
    """Run such an identity beside the stack's own."""
    with mail_server() as (mail, port):
        settings = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(port), "SMTP_USE_TLS": "no", **environment}
        with another(stack, "identity", **settings) as url:
            yield DirectIdentity(url, mail)
