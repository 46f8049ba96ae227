"""The certificate that the gateway shows over TLS, whoever it is from."""

import socket
import ssl
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from cryptography import x509
from cryptography.x509.oid import NameOID

from notechondria_cli.errors import StackError
from notechondria_cli.gateway_settings import host_name, tls_port
from notechondria_cli.state import StackState
from notechondria_shared.core.web_addresses import urlsplit
from notechondria_shared.observability.diagnosis import Finding

_SECONDS = 5.0
_STAND_IN = "TRAEFIK DEFAULT CERT"
_LOG = "notechondria logs --part gateway"


def problems(state: StackState, env: Mapping[str, str]) -> Iterator[Finding]:
    """What is wrong with TLS of our own, as a client meets it; nothing when none is wished."""
    try:
        port = tls_port(env)
    except StackError as error:
        yield _finding(error.sentence, error.remedy)
        return
    if port is None:
        return
    name = host_name(env.get("PUBLIC_BASE_URL", "")) or "localhost"
    try:
        leaf = shown(urlsplit(state.url).hostname or "127.0.0.1", port, name)
    except (OSError, ValueError) as error:
        yield _finding(
            f"There is no TLS on port {port}: {error}.", f"Settings count from the next start on; else see: {_LOG}."
        )
        return
    issuer = leaf.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
    if issuer and issuer[0].value == _STAND_IN:
        advice = f"See {_LOG}; when the reason is gone, restart: it is not tried again before."
        if not env.get("ACME_EMAIL"):
            advice = "See that TLS_CERT_FILE and TLS_KEY_FILE are a certificate and its key, and restart."
        yield _finding(f"The gateway has no certificate for {name} and shows one that no browser trusts.", advice)
    elif leaf.not_valid_after_utc < datetime.now(UTC):
        yield _finding(
            f"The certificate for {name} ended on {leaf.not_valid_after_utc:%Y-%m-%d}.",
            f"See why it was not renewed: {_LOG}.",
        )


def shown(host: str, port: int, name: str) -> x509.Certificate:
    """Return the certificate that is shown to a client that asks for `name`; OSError when there is no TLS."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # it is looked at, not trusted
    with (
        socket.create_connection((host, port), timeout=_SECONDS) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        return x509.load_der_x509_certificate(secured.getpeercert(binary_form=True) or b"")


def _finding(problem: str, advice: str) -> Finding:
    return Finding(part="gateway", problem=problem, advice=advice)
