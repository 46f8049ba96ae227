"""Sending codes (identity §13): SMTP when configured, else one warning that an operator can act on."""

from __future__ import annotations

import asyncio
import html
import logging
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import cast

import aiosmtplib

from identity_service.codes import service as codes
from identity_service.settings import IdentitySettings
from notechondria_shared.core.timestamps import now

logger = logging.getLogger("notechondria.mail")


@dataclass(frozen=True, slots=True)
class Template:
    """The words of one kind of mail."""

    subject: str
    purpose: str
    action: str


TEMPLATES = {
    codes.REGISTER: Template(
        "Confirm your Notechondria account", "Welcome. Confirm that this address is yours.", "Confirm the account"
    ),
    codes.PASSWORD_RESET: Template(
        "Reset your Notechondria password",
        "Somebody asked to reset the password of your account.",
        "Set a new password",
    ),
    codes.IDENTITY: Template(
        "Your Notechondria security code", "Confirm that it is you who changes the account.", "Continue in the app"
    ),
    codes.CHANGE_EMAIL: Template(
        "Confirm your new address", "Confirm that this is the new address of your account.", "Confirm the address"
    ),
}


class _Client(aiosmtplib.SMTP):
    """Hangs up when it is done. The orderly end of TLS would keep the socket until the server agrees, or for 30 s."""

    def close(self) -> None:
        """Called after QUIT was answered, or when nothing more is to be said."""
        if self.transport is not None:
            cast("asyncio.WriteTransport", self.transport).abort()
        super().close()


class Mailer:
    """Sends codes; never raises: a failed delivery is an answer the contract knows."""

    def __init__(self, settings: IdentitySettings) -> None:
        self._settings = settings

    async def send_code(self, kind: str, address: str, digits: str) -> bool:
        """Mail a code; True when it was handed over, False when the fallback line was logged instead."""
        settings = self._settings
        if not (settings.smtp_host and settings.smtp_port and settings.mail_sender):
            return self._fallback(address, digits, "smtp_not_configured")
        try:
            # The library bounds each step; a server that answers slowly at every one must end too.
            async with asyncio.timeout(settings.smtp_timeout_seconds):
                async with _Client(
                    hostname=settings.smtp_host,
                    port=settings.smtp_port,
                    username=settings.smtp_username or None,
                    password=settings.smtp_password.get_secret_value() or None,
                    use_tls=settings.smtp_use_ssl,
                    start_tls=settings.smtp_use_tls and not settings.smtp_use_ssl,
                    timeout=settings.smtp_timeout_seconds,
                ) as client:
                    await client.send_message(self._compose(TEMPLATES[kind], address, digits))
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            return self._fallback(address, digits, f"smtp_send_failed:{type(error).__name__}")
        return True

    @staticmethod
    def _fallback(address: str, digits: str, reason: str) -> bool:
        logger.warning("mail not sent: address=%s reason=%s verification_code=%s", address, reason, digits)
        return False

    def _compose(self, template: Template, address: str, digits: str) -> EmailMessage:
        settings = self._settings
        hours = settings.smtp_email_verification_ttl_hours
        where = settings.frontend_verify_url or "Open the Notechondria app and enter the code there."
        message = EmailMessage()
        message["Subject"] = template.subject
        message["From"] = settings.mail_sender
        message["To"] = address
        # RFC 5322 §3.6 demands the one and recommends the other; a letter without them is taken for spam.
        message["Date"] = format_datetime(now())
        message["Message-ID"] = make_msgid(domain=settings.mail_sender.rpartition("@")[2].strip("<> ") or None)
        message.set_content(
            f"{template.purpose}\n\nAddress: {address}\nCode: {digits}\nThe code is good for {hours} hours.\n\n"
            f"{template.action}: {where}\n\nIf you did not ask for this, you can ignore it.\n"
        )
        link = html.escape(settings.frontend_verify_url)
        label = html.escape(template.action)
        action = f'<p><a href="{link}">{label}</a></p>' if link else f"<p>{html.escape(where)}</p>"
        message.add_alternative(
            f"<p>{html.escape(template.purpose)}</p><p>Address: {html.escape(address)}</p>"
            f'<p style="font-size:24px;letter-spacing:4px"><strong>{digits}</strong></p>'
            f"<p>The code is good for {hours} hours.</p>{action}"
            "<p>If you did not ask for this, you can ignore it.</p>",
            subtype="html",
        )
        return message
