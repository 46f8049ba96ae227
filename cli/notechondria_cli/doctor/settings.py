"""Settings that do not fit together, or that one would not want where strangers can call."""

import ipaddress
import re
import socket
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from notechondria_cli.doctor import names, sign_in
from notechondria_cli.gateway_settings import (
    NO_TLS,
    NO_TLS_ADVICE,
    host_name,
    is_network,
    is_open_without_tls,
    proxies,
    refusals,
    web_address,
)
from notechondria_cli.layout import PROJECT
from notechondria_cli.operator_env import is_on
from notechondria_shared.core.flags import FALSE_WORDS, TRUE_WORDS
from notechondria_shared.observability.diagnosis import Finding

_RENEW_BEFORE = timedelta(days=14)
_CONNECT_SECONDS = 2.0
_SECRET = re.compile(r"(PASSWORD|SECRET|TOKEN|DATABASE_URL|NATS_URL)")


FLAGS = ("METRICS", "HSTS_SUBDOMAINS", "HSTS_PRELOAD", "NOTECHONDRIA_TOGETHER", "NOTECHONDRIA_OWN_INTERPRETERS")


def is_public(env: Mapping[str, str]) -> bool:
    """Return whether people reach this server by a name of its own."""
    host = host_name(env.get("PUBLIC_BASE_URL", "")) or "localhost"
    return host != "localhost" and not host.startswith("127.") and host != "::1"


def problems(env: Mapping[str, str]) -> Iterator[Finding]:
    """What is wrong with the settings."""
    findings = [*_address(env), *_proxies(env), *_tls(env), *_collector(env)]
    yield from findings
    said = {re.split(r"[\s=:]", finding.problem)[0] for finding in findings}
    for refusal in refusals(env):
        if re.split(r"[\s=:]", refusal.sentence)[0] not in said:
            yield _finding(refusal.sentence, refusal.remedy)
    yield from _flags(env)
    yield from names.refused(env)
    if is_public(env) and is_on(env, "DJANGO_DEBUG"):
        yield _finding("DJANGO_DEBUG is on where strangers can call.", "Leave it out.")
    yield from _env_file(PROJECT / ".env")
    yield from names.file_problems(PROJECT / ".env")
    yield from names.unknown(env, PROJECT / ".env")


def hints(env: Mapping[str, str]) -> Iterator[Finding]:
    """What is not wrong, and perhaps not meant."""
    if env.get("INTERNAL_TOKEN"):
        yield _finding(
            "INTERNAL_TOKEN no longer counts.", "Leave it out: each service has a key of its own (docs/operations.md)."
        )
    if not is_public(env):
        return
    if getattr(web_address(env.get("PUBLIC_BASE_URL", "")), "scheme", "") == "http":
        yield _finding(
            "PUBLIC_BASE_URL is not https: agents in somebody's cloud (Claude, ChatGPT) do not connect to it.",
            "Set TLS_CERT_FILE and TLS_KEY_FILE, ACME_EMAIL, or a proxy with TLS in front, and give the https address.",
        )
    if not env.get("SMTP_HOST"):
        yield _finding("No mails are sent: SMTP_HOST is not set.", "Hand codes over yourself: notechondria code USER.")
    if is_on(env, "LOG_CODES"):
        yield _finding("LOG_CODES is on: whoever reads identity's log signs in as anybody.", "Leave it out.")
    for name in ("AUTH_RATE_PER_MINUTE", "ACCOUNT_RATE_PER_MINUTE"):
        if env.get(name, "").strip() == "0":
            yield _finding(f"{name}=0: passwords can be tried without a limit.", "Leave it out.")
    yield from sign_in.hints(env)


def exposure(host: str, env: Mapping[str, str]) -> Iterator[Finding]:
    """What listening on this address means."""
    if is_open_without_tls(host, env):
        yield Finding(part="gateway", problem=f"It listens on {host} without TLS. {NO_TLS}", advice=NO_TLS_ADVICE)


def _finding(problem: str, advice: str) -> Finding:
    return Finding(part="settings", problem=problem, advice=advice)


def _flags(env: Mapping[str, str]) -> Iterator[Finding]:
    """Switches that no service looks at; those of services are refused by themselves."""
    for name in FLAGS:
        word = env.get(name, "").strip().lower()
        if word and word not in TRUE_WORDS | FALSE_WORDS:
            yield _finding(f"{name}={word} is neither yes nor no, and counts as no.", "Give 1 or 0.")


def _own_tls(env: Mapping[str, str]) -> bool:
    return bool(env.get("TLS_CERT_FILE") or env.get("ACME_EMAIL"))


def _address(env: Mapping[str, str]) -> Iterator[Finding]:
    value = env.get("PUBLIC_BASE_URL", "").strip()
    parts = web_address(value)
    if value and parts is None:
        yield _finding(
            f"PUBLIC_BASE_URL={value} is no address.", "Give it as people open it: https://notes.example.org."
        )
    elif env.get("TRUSTED_PROXIES") and not is_public(env):
        yield _finding(
            "There is a proxy in front (TRUSTED_PROXIES), and PUBLIC_BASE_URL is not set: pictures and links in "
            "answers and mails lead to localhost, and the public name is refused as a Host.",
            "Set PUBLIC_BASE_URL to the address that people open.",
        )
    elif parts and parts.scheme == "https" and not _own_tls(env) and not env.get("TRUSTED_PROXIES"):
        yield _finding(
            "PUBLIC_BASE_URL is https, and neither TLS nor a proxy is set: rate limits and sessions see the proxy's "
            "address in place of the client's.",
            "Set TRUSTED_PROXIES to the proxy in front, or TLS_CERT_FILE and TLS_KEY_FILE, or ACME_EMAIL.",
        )


def _proxies(env: Mapping[str, str]) -> Iterator[Finding]:
    for word in proxies(env):
        if not is_network(word):
            yield _finding(f"TRUSTED_PROXIES: {word} is no address and no network.", "Give such as 10.0.0.0/8.")
        elif ipaddress.ip_network(word, strict=False).prefixlen == 0:
            yield _finding(
                f"TRUSTED_PROXIES={word} believes everybody: each client can choose the address it is limited by.",
                "Name the proxy's own address or network.",
            )


def _tls(env: Mapping[str, str]) -> Iterator[Finding]:
    yield from _acme(env)
    certificate, key = env.get("TLS_CERT_FILE", ""), env.get("TLS_KEY_FILE", "")
    if bool(certificate) != bool(key):
        yield _finding("TLS_CERT_FILE and TLS_KEY_FILE belong together, and one is missing.", "Set both.")
        return
    if not certificate:
        return
    try:
        Path(key).read_bytes()
        leaf = x509.load_pem_x509_certificate(Path(certificate).read_bytes())
    except (OSError, ValueError) as error:
        yield _finding(f"The certificate or its key cannot be read: {error}.", "Give PEM files that we may read.")
        return
    left = leaf.not_valid_after_utc - datetime.now(UTC)
    if left < timedelta(0):
        yield _finding(f"The certificate of TLS_CERT_FILE ended on {leaf.not_valid_after_utc:%Y-%m-%d}.", "Renew it.")
    elif left < _RENEW_BEFORE:
        yield _finding(f"The certificate of TLS_CERT_FILE ends in {left.days} days.", "Renew it.")


def _acme(env: Mapping[str, str]) -> Iterator[Finding]:
    if not env.get("ACME_EMAIL"):
        return
    if not host_name(env.get("PUBLIC_BASE_URL", "")):
        yield _finding("ACME_EMAIL needs PUBLIC_BASE_URL, whose host the certificate is for.", "Set both.")
    elif not is_public(env) and not env.get("ACME_DIRECTORY"):
        yield _finding(
            "Let's Encrypt gives no certificates for this machine's own name, and PUBLIC_BASE_URL has no other.",
            "Set PUBLIC_BASE_URL to the address that people open, or leave ACME_EMAIL out.",
        )
    directory = env.get("ACME_DIRECTORY", "")
    if directory and getattr(web_address(directory), "scheme", "") != "https":
        yield _finding(f"ACME_DIRECTORY={directory} is no https address.", "Give the CA's directory.")
    authority = env.get("ACME_CA_FILE", "")
    try:
        if authority:
            x509.load_pem_x509_certificates(Path(authority).read_bytes())
    except (OSError, ValueError) as error:
        yield _finding(f"ACME_CA_FILE cannot be read: {error}.", "Give a PEM file that we may read.")


def _collector(env: Mapping[str, str]) -> Iterator[Finding]:
    value = env.get("OTEL_EXPORTER_OTLP_ENDPOINT", "")
    if not value:
        return
    parts = web_address(value)
    advice = "Give the collector's address for OTLP over HTTP, such as http://127.0.0.1:4318, and see that it runs."
    try:
        port = (parts.port or {"http": 80, "https": 443}.get(parts.scheme, 0)) if parts else 0
        with socket.create_connection((host_name(value), port), timeout=_CONNECT_SECONDS):
            return
    except (OSError, ValueError, OverflowError):
        yield _finding(f"OTEL_EXPORTER_OTLP_ENDPOINT={value} does not answer: traces are lost.", advice)


def _env_file(path: Path) -> Iterator[Finding]:
    try:
        mode, text = path.stat().st_mode, path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        return
    names = (line.partition("=")[0] for line in text.splitlines() if not line.startswith("#"))
    # A group may read it: the one that the service runs as, say (docs/deploy.md).
    if mode & 0o027 and any(_SECRET.search(name) for name in names):
        problem = f"{path} holds secrets, and more people than its owner and group can read it, or its group write it."
        yield _finding(problem, f"chmod 600 {path} (or 640, with the group of the user that runs it)")
