"""The mail server of the settings, spoken to as identity does: reached, secured, signed in to."""

import smtplib
import socket
import ssl
from collections.abc import Iterator, Mapping

from notechondria_shared.core.flags import TRUE_WORDS
from notechondria_shared.observability.diagnosis import Finding

_SECONDS = 6.0


def problems(env: Mapping[str, str]) -> Iterator[Finding]:
    """Why no mail would leave; nothing is sent. Nothing to say where no mail is wished."""
    host = env.get("SMTP_HOST", "").strip()
    port = env.get("SMTP_PORT", "").strip() or "587"
    if not host or not port.isdecimal():  # a port that is no number is refused by identity itself
        return
    problem = _try(host, int(port), env)
    if problem:
        yield Finding(part="mail", problem=problem[0], advice=problem[1])


def _try(host: str, port: int, env: Mapping[str, str]) -> tuple[str, str] | None:
    """Return what is wrong and what to do, None when a mail could be handed over."""
    secured = _on(env, "SMTP_USE_SSL", "")
    where = f"The mail server {host}:{port}"
    user, password = env.get("SMTP_USERNAME", ""), env.get("SMTP_PASSWORD", "")
    context = ssl.create_default_context()
    try:
        with _connected(host, port, context if secured else None) as server:
            server.ehlo()
            if not secured and _on(env, "SMTP_USE_TLS", "true"):
                server.starttls(context=context)
                server.ehlo()
            if user:
                server.login(user, password)
            server.noop()
    except ssl.SSLCertVerificationError as error:
        return f"{where} shows a certificate that is not trusted ({error.verify_message}).", (
            "Give the name that stands in its certificate, or the CA in SSL_CERT_FILE."
        )
    except ssl.SSLError as error:
        return f"{where} does not speak TLS as expected ({error.reason}).", (
            "SMTP_USE_SSL=true is for TLS from the first byte (often port 465), SMTP_USE_TLS=true for STARTTLS (587)."
        )
    except smtplib.SMTPAuthenticationError as error:
        return f"{where} refuses SMTP_USERNAME and SMTP_PASSWORD ({error.smtp_code}).", "Correct them."
    except smtplib.SMTPNotSupportedError:
        return f"{where} offers no STARTTLS, or no sign-in.", (
            "SMTP_USE_TLS=false sends in plain text, which only a server on this machine should be used with; "
            "without SMTP_USERNAME nobody signs in."
        )
    except (TimeoutError, socket.gaierror, OSError, smtplib.SMTPException) as error:
        reason = "no such name" if isinstance(error, socket.gaierror) else str(error) or type(error).__name__
        return f"{where} does not answer ({reason}).", "See SMTP_HOST and SMTP_PORT, and whether a firewall is between."
    return None


def _connected(host: str, port: int, context: ssl.SSLContext | None) -> smtplib.SMTP:
    if context is not None:
        return smtplib.SMTP_SSL(host, port, timeout=_SECONDS, context=context)
    return smtplib.SMTP(host, port, timeout=_SECONDS)


def _on(env: Mapping[str, str], name: str, default: str) -> bool:
    return (env.get(name, "").strip() or default).lower() in TRUE_WORDS
