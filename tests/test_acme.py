"""The gateway's certificate from an ACME server: asked for, kept, renewed, and done without (ADR 0013)."""

from __future__ import annotations

import ssl
import tempfile
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from notechondria_cli.doctor import certificate
from notechondria_cli.ports import choose_port, release_port
from notechondria_cli.state import StackState
from notechondria_launcher.stack import Stack
from tests.support.client import PASSWORD, eventually
from tests.support.pebble import Pebble

pytestmark = pytest.mark.acme
DOMAIN = "notes.example.org"
LONG = timedelta(days=20)
SHORT = timedelta(hours=12)
"""Shorter than what Traefik renews certificates of 20 days before their end."""


class Deployment:
    """A stack that gets its certificate from Pebble, which runs, and looks for challenges at its port for TLS."""

    def __init__(self, folder: Path, pebble: Pebble, port: int) -> None:
        self.pebble = pebble
        self.port = port
        self.environment = {
            "PUBLIC_BASE_URL": f"https://{DOMAIN}",
            "ACME_EMAIL": "admin@example.org",
            "ACME_DIRECTORY": pebble.directory,
            "ACME_CA_FILE": str(pebble.ca_file),
            "ACME_CERTIFICATE_HOURS": str(LONG // timedelta(hours=1)),
            "TLS_PORT": str(port),
            "TLS_PUBLIC_PORT": str(port),
        }
        self.stack = Stack(folder / "data", env=self.environment)
        self.storage = folder / "data" / "acme.json"
        self._validity: timedelta | None = LONG

    def with_certificate(self, validity: timedelta = LONG) -> x509.Certificate:
        """The certificate shown; from a Pebble that runs, good for as long as said when it was issued."""
        if self._validity != validity:
            self._begin_anew(validity)
        eventually(lambda: not self.untrusted(), seconds=60, what="a certificate of Pebble's")
        return self.shown()

    def without_certificate(self) -> None:
        """Let the gateway begin without a certificate, and the ACME server be away."""
        self._begin_anew(None)

    def _begin_anew(self, validity: timedelta | None) -> None:
        self._validity = validity
        self.stack.stop_part("gateway")
        self.storage.unlink(missing_ok=True)
        self.pebble.stop()
        if validity is not None:
            self.pebble.start(validity)
        self.stack.start_part("gateway")

    def shown(self, name: str = DOMAIN) -> x509.Certificate:
        return certificate.shown("127.0.0.1", self.port, name)

    def untrusted(self) -> bool:
        return "TRAEFIK DEFAULT CERT" in self.shown().issuer.rfc4514_string()

    def ask(self, path: str, trust: ssl.SSLContext, method: str = "GET", json: object = None) -> httpx.Response:
        """A request by the domain's name, over TLS."""
        with httpx.Client(verify=trust, timeout=20, trust_env=False) as http:
            return http.request(
                method, f"https://127.0.0.1:{self.port}{path}", json=json,
                headers={"Host": DOMAIN}, extensions={"sni_hostname": DOMAIN},
            )  # fmt: skip

    def plain(self, method: str = "GET") -> httpx.Response:
        url = f"{self.stack.url}/api/v1/ping/?a=b"
        return httpx.request(method, url, headers={"Host": DOMAIN}, timeout=20, trust_env=False)

    def complaints(self) -> str:
        """What the doctor says of the certificate."""
        state = StackState.read(self.stack.layout.state)
        assert state is not None
        return " ".join(f"{one.problem} {one.advice}" for one in certificate.problems(state, self.environment))


@pytest.fixture(scope="module")
def deployment() -> Iterator[Deployment]:
    port = choose_port()
    with tempfile.TemporaryDirectory(prefix="notechondria-acme-") as name:
        folder = Path(name)
        folder.chmod(0o711)
        (folder / "authority").mkdir()
        with Pebble(folder / "authority", port) as pebble:
            pebble.start(LONG)
            made = Deployment(folder, pebble, port)
            with made.stack:
                yield made
    release_port(port)


def trusting(root: str) -> ssl.SSLContext:
    return ssl.create_default_context(cadata=root)


def trusting_everybody() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@pytest.mark.contract("ADR 0013")
def test_the_certificate_that_was_fetched_is_served(deployment: Deployment) -> None:
    found = deployment.with_certificate()
    assert deployment.pebble.validated() == 1
    names = found.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [DOMAIN]
    # Chain and name are checked as a browser would, which knows the root alone.
    trust = trusting(deployment.pebble.root())
    answer = deployment.ask("/api/v1/ping/", trust)
    assert answer.status_code == 200
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert answer.headers["x-content-type-options"] == "nosniff"
    refused = deployment.ask("/api/v1/auth/login/", trust, "POST", {"email": "nobody", "password": PASSWORD})
    assert refused.status_code == 400
    assert deployment.complaints() == ""


@pytest.mark.contract("ADR 0013")
def test_plain_http_is_sent_on_to_the_domain(deployment: Deployment) -> None:
    deployment.with_certificate()
    for method in ("GET", "POST"):
        sent = deployment.plain(method)
        assert sent.status_code in {302, 307}
        assert sent.headers["location"] == f"https://{DOMAIN}:{deployment.port}/api/v1/ping/?a=b"
        assert "strict-transport-security" not in sent.headers


@pytest.mark.contract("ADR 0013")
def test_no_certificate_is_asked_for_a_name_that_a_client_makes_up(deployment: Deployment) -> None:
    deployment.with_certificate()
    before = deployment.pebble.orders()
    assert "TRAEFIK DEFAULT CERT" in deployment.shown("made-up.example.org").issuer.rfc4514_string()
    time.sleep(0.5)  # an order would be there within milliseconds
    assert deployment.pebble.orders() == before


@pytest.mark.contract("ADR 0013")
def test_the_certificate_outlives_the_gateway(deployment: Deployment) -> None:
    found = deployment.with_certificate()
    assert deployment.storage.stat().st_mode & 0o777 == 0o600
    orders = deployment.pebble.orders()
    deployment.stack.kill("gateway")
    deployment.storage.chmod(0o644)  # as after a copy: Traefik itself would refuse the file
    deployment.stack.start_part("gateway")
    assert eventually(lambda: not deployment.untrusted(), what="the certificate that was kept")
    assert deployment.shown() == found
    assert deployment.storage.stat().st_mode & 0o777 == 0o600
    assert deployment.ask("/api/v1/ping/", trusting(deployment.pebble.root())).status_code == 200
    assert deployment.pebble.orders() == orders


@pytest.mark.contract("ADR 0013")
def test_a_certificate_that_is_kept_needs_no_acme_server(deployment: Deployment) -> None:
    found = deployment.with_certificate()
    trust = trusting(deployment.pebble.root())
    deployment.pebble.stop()
    deployment.stack.restart_part("gateway")
    assert eventually(lambda: not deployment.untrusted(), what="the certificate that was kept")
    assert deployment.shown() == found
    assert deployment.ask("/api/v1/ping/", trust).status_code == 200
    deployment.without_certificate()


@pytest.mark.contract("ADR 0013")
def test_without_the_acme_server_the_gateway_serves(deployment: Deployment) -> None:
    deployment.without_certificate()
    eventually(
        lambda: "Unable to obtain ACME certificate" in deployment.stack.log("gateway").read_text(), what="a word"
    )
    assert deployment.untrusted()
    answer = deployment.ask("/api/v1/ping/", trusting_everybody())
    assert answer.status_code == 200
    assert answer.headers["strict-transport-security"] == "max-age=31536000"
    assert deployment.plain().headers["location"].startswith(f"https://{DOMAIN}:{deployment.port}/")
    assert f"no certificate for {DOMAIN}" in deployment.complaints()
    # When it is back, the next start of the gateway asks.
    deployment.with_certificate(SHORT)
    assert deployment.complaints() == ""


@pytest.mark.contract("ADR 0013")
def test_a_certificate_near_its_end_is_renewed(deployment: Deployment) -> None:
    found = deployment.with_certificate(SHORT)
    deployment.stack.restart_part("gateway")  # it looks at its start, and then once in a while
    trust = trusting(deployment.pebble.root())
    eventually(lambda: deployment.shown() != found and not deployment.untrusted(), seconds=60, what="a new certificate")
    assert deployment.ask("/api/v1/ping/", trust).status_code == 200
