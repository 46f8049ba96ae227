"""Sending codes and notices (identity §13): SMTP when configured, else one warning that an operator can act on."""

from __future__ import annotations

import asyncio
import html
import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
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
    page: str = ""
    """Where the code is entered on the pages of this server; "" where the page is still open."""


TEMPLATES = {
    codes.REGISTER: Template(
        "Confirm your Notechondria account",
        "Welcome. Confirm that this address is yours and that you chose this user name.",
        "Confirm the account",
        "/account/verify/",
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


PASSWORD_CHANGED, ADDRESS_CHANGED = "password_changed", "address_changed"
NEW_DEVICE, FACTOR_CHANGED, KEY_MADE, PROGRAM_CONNECTED = "new_device", "factor", "key_made", "program_connected"
NOTICES = {
    NEW_DEVICE: ("A new device signed in to Notechondria", "A new device signed in to your account {username}"),
    FACTOR_CHANGED: (
        "The second factor of your Notechondria account was changed",
        "What your account {username} asks for beside the password was changed",
    ),
    KEY_MADE: (
        "A new key of your Notechondria account",
        "A key or password for a program was made for your account {username}",
    ),
    PROGRAM_CONNECTED: (
        "A program was connected to your Notechondria account",
        "A program may now act for your account {username}. It was connected",
    ),
    PASSWORD_CHANGED: ("Your Notechondria password was changed", "The password of your account {username} was changed"),
    ADDRESS_CHANGED: ("Your Notechondria address was changed", "The address of your account {username} was changed"),
}
"""Subject and first sentence of the mail to an owner after something happened."""
_MOST_SAID = 300
ALWAYS = {PASSWORD_CHANGED, ADDRESS_CHANGED, NEW_DEVICE}
"""Notices that nobody can switch off (decision 44)."""


def masked(email: str) -> str:
    """First character, `***`, and from the `@` on; `***` when there is no usable one (identity §8.3)."""
    local, at, domain = email.partition("@")
    return f"{local[0]}***@{domain}" if local and at and domain else "***"


class _Client(aiosmtplib.SMTP):
    """Hangs up when it is done. The orderly end of TLS would keep the socket until the server agrees, or for 30 s."""

    def close(self) -> None:
        """Called after QUIT was answered, or when nothing more is to be said."""
        if self.transport is not None:
            cast("asyncio.WriteTransport", self.transport).abort()
        super().close()


class Mailer:
    """Sends codes and notices; never raises: a failed delivery is an answer the contract knows."""

    def __init__(self, settings: IdentitySettings) -> None:
        self._settings = settings

    async def send_code(
        self, kind: str, address: str, digits: str, *, life: timedelta = codes.LIFE, username: str = ""
    ) -> bool:
        """Mail a code; True when it was handed over, False when the fallback line was logged instead.

        `username`: the account that the code opens, where there may be several registrations of one address.
        """
        if not self._configured:
            if self._settings.codes_are_logged:
                # In development: whoever tries it out reads the code in this line (identity §13).
                logger.warning(
                    "mail not sent: address=%s reason=smtp_not_configured verification_code=%s", address, digits
                )
            else:
                # Logs outlive accounts and are read by many: the operator makes a code with `notechondria code`.
                logger.warning("mail not sent: address=%s reason=smtp_not_configured", masked(address))
            return False
        problem = await self._send(self._compose(TEMPLATES[kind], address, digits, codes.spoken(life), username))
        if problem:
            # Where mail is configured, a code is the recipient's alone: `notechondria code` makes a new one.
            logger.warning("mail not sent: address=%s reason=smtp_send_failed:%s", masked(address), problem)
        return not problem

    async def send_notice(self, kind: str, address: str, username: str, device: str, at: datetime) -> None:
        """Mail an owner what happened to the account, with no link to follow; a failure is logged."""
        if not self._configured:
            return
        subject, sentence = NOTICES[kind]
        message = self._envelope(subject, address)
        message.set_content(
            f"{sentence.format(username=username)} on {at:%Y-%m-%d at %H:%M} UTC ({device}).\n\n"
            "If that was you, there is nothing to do.\n"
            "If it was not, open the app, reset your password and look through your devices and linked sign-ins; "
            "or ask your administrator for help.\n"
        )
        if problem := await self._send(message):
            logger.warning("notice not sent: kind=%s reason=smtp_send_failed:%s", kind, problem)

    async def send_trial(self, address: str) -> str:
        """Mail a letter that only shows that mail arrives; "" or why it was not handed over."""
        if not self._configured:
            return "no mail server is set (SMTP_HOST)"
        message = self._envelope("Notechondria can send mail", address)
        message.set_content(
            "This letter was asked for by whoever runs this server, to see that its mail arrives.\n\n"
            f"Server: {self._settings.base_url}\nThere is nothing to do.\n"
        )
        return await self._send(message, in_words=True)

    @property
    def _configured(self) -> bool:
        settings = self._settings
        return bool(settings.smtp_host and settings.smtp_port and settings.mail_sender)

    async def _send(self, message: EmailMessage, *, in_words: bool = False) -> str:
        """Hand a letter over; "" or the name of the error, with what the server said when it is asked for."""
        settings = self._settings
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
                    await client.send_message(message)
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            said = str(error).partition("\n")[0][:_MOST_SAID]
            return f"{type(error).__name__}: {said}" if in_words and said else type(error).__name__
        return ""

    def _envelope(self, subject: str, address: str) -> EmailMessage:
        settings = self._settings
        message = EmailMessage()
        message["Subject"] = subject
        message["From"] = settings.mail_sender
        message["To"] = address
        # RFC 5322 §3.6 demands the one and recommends the other; a letter without them is taken for spam.
        message["Date"] = format_datetime(now())
        message["Message-ID"] = make_msgid(domain=settings.mail_sender.rpartition("@")[2].strip("<> ") or None)
        return message

    def _compose(self, template: Template, address: str, digits: str, life: str, username: str) -> EmailMessage:
        settings = self._settings
        page = f"{settings.public_base_url.rstrip('/')}{template.page}" if template.page else ""
        address_of_page = settings.frontend_verify_url or page
        where = address_of_page or "Open the Notechondria app and enter the code there."
        message = self._envelope(template.subject, address)
        about = f"Address: {address}" + (f"\nUser name: {username}" if username else "")
        message.set_content(
            f"{template.purpose}\n\n{about}\nCode: {digits}\nThe code is good for {life}.\n\n"
            f"{template.action}: {where}\n\nIf you did not ask for this, you can ignore it.\n"
        )
        link = html.escape(address_of_page)
        label = html.escape(template.action)
        action = f'<p><a href="{link}">{label}</a></p>' if link else f"<p>{html.escape(where)}</p>"
        message.add_alternative(
            f"<p>{html.escape(template.purpose)}</p><p>{html.escape(about).replace(chr(10), '<br>')}</p>"
            f'<p style="font-size:24px;letter-spacing:4px"><strong>{digits}</strong></p>'
            f"<p>The code is good for {life}.</p>{action}"
            "<p>If you did not ask for this, you can ignore it.</p>",
            subtype="html",
        )
        return message
