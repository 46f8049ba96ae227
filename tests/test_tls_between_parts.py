"""TLS to Postgres and NATS when their addresses ask for it, and nothing in plain text instead (docs/operations.md)."""

from __future__ import annotations

import asyncio
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import nats
import psycopg
import pytest
from nats.errors import Error as NatsError

from notechondria_launcher.stack import Stack
from notechondria_shared.messaging.bus import Bus
from tests.support.certificates import self_signed
from tests.support.client import Api, eventually
from tests.support.tls_proxy import TlsProxy, tls_proxy

SERVICES = ("identity", "notes", "planner", "mcp")
USERS = (*SERVICES, "admin")


@dataclass(frozen=True)
class Servers:
    """A Postgres and a NATS that speak TLS only, and the certificate that vouches for both."""

    owner: Stack
    certificate: Path
    database: TlsProxy
    nats_port: int

    @property
    def database_url(self) -> str:
        parts = urlsplit(self.owner.admin_database_url)
        login = parts.netloc.rpartition("@")[0]
        query = f"sslmode=verify-full&sslrootcert={self.certificate}"
        return urlunsplit(parts._replace(netloc=f"{login}@localhost:{self.database.port}", query=query))

    def nats_url(self, user: str) -> str:
        return f"tls://{user}:{self.owner.plan.credentials.nats[user]}@localhost:{self.nats_port}"


@pytest.fixture(scope="module")
def servers() -> Iterator[Servers]:
    with tempfile.TemporaryDirectory(prefix="notechondria-tls-") as folder:
        Path(folder).chmod(0o711)  # Postgres may run as another user
        certificate, key = self_signed(Path(folder))
        owner = Stack(Path(folder) / "data", env={"DATABASE_URL": "", "NATS_URL": ""})
        owner.start(database_only=True)
        try:
            # The Postgres of the wheel was built without TLS.
            parts = urlsplit(owner.admin_database_url)
            target = (parts.hostname or "", parts.port or 0)
            with tls_proxy(target, certificate, key) as database, _nats(owner, certificate, key) as port:
                yield Servers(owner, certificate, database, port)
        finally:
            owner.stop()


@contextmanager
def _nats(owner: Stack, certificate: Path, key: Path) -> Iterator[int]:
    spec = owner.plan.nats.spec()
    command = [*spec.argv, "--tls", "--tlscert", str(certificate), "--tlskey", str(key)]
    with (owner.data / "nats-tls.log").open("wb") as log:
        process = subprocess.Popen(command, env=dict(spec.env), stdout=log, stderr=log)
    try:
        eventually(spec.ready, what="NATS is ready")
        yield owner.plan.ports["nats"]
    finally:
        process.terminate()
        process.wait(10)


def test_a_whole_stack_over_tls(servers: Servers, tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="notechondria-tls-") as folder:
        data = Path(folder)
        (data / "secrets.json").write_text((servers.owner.data / "secrets.json").read_text())
        env = {f"{user.upper()}_NATS_URL": servers.nats_url(user) for user in USERS}
        env |= {"DATABASE_URL": servers.database_url, "NATS_URL": servers.nats_url("admin")}
        env |= {"SSL_CERT_FILE": str(servers.certificate)}
        with Stack(data, env=env) as stack, Api(stack) as api:
            user = api.register()
            note = user.post("notes/", {"title": "Over TLS"}).json()["id"]
            # By the bus to the planner, which knows the note only from there or by asking.
            assert user.post("note-sessions/", {"note_id": note}).status_code == 201
            eventually(lambda: user.get("notes/?sort=popular&limit=1").json()["results"][0]["id"] == note)
        # They know no other address, and none of them tried without.
        assert servers.database.encrypted >= len(SERVICES)
        assert servers.database.plain == 0


def test_postgres_with_another_certificate_is_refused(servers: Servers, tmp_path: Path) -> None:
    other, _ = self_signed(tmp_path)
    wrong = servers.database_url.replace(str(servers.certificate), str(other))
    with pytest.raises(psycopg.OperationalError, match="certificate verify failed"):
        psycopg.connect(wrong)
    by_number = servers.database_url.replace("localhost", "127.0.0.1")
    with pytest.raises(psycopg.OperationalError, match="does not match host name"):
        psycopg.connect(by_number)


def test_a_postgres_without_tls_gets_no_password(stack: Stack) -> None:
    for mode in ("require", "verify-ca", "verify-full"):
        with pytest.raises(psycopg.OperationalError, match=r"does not support SSL|root certificate"):
            psycopg.connect(f"{stack.admin_database_url}?sslmode={mode}")


async def _connects(url: str, seconds: float) -> bool:
    bus = Bus("notes", url)
    bus.start()
    try:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if bus.connected:
                return True
            await asyncio.sleep(0.05)
        return False
    finally:
        await bus.close()


def test_the_bus_is_trusted_by_its_certificate_alone(
    servers: Servers, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    url = servers.nats_url("notes")
    monkeypatch.setenv("SSL_CERT_FILE", str(servers.certificate))
    assert asyncio.run(_connects(url, 10))
    assert not asyncio.run(_connects(url.replace("localhost", "127.0.0.1"), 2))
    other, _ = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(other))
    assert not asyncio.run(_connects(url, 2))


def test_a_bus_without_tls_gets_no_password(stack: Stack) -> None:
    plain = stack.nats_url("notes")
    assert asyncio.run(_connects(plain, 10))
    assert not asyncio.run(_connects(plain.replace("nats://", "tls://"), 2))


def test_a_database_that_takes_tls_only_is_asked_for_nothing_else(servers: Servers) -> None:
    before = servers.database.plain
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(servers.database_url.replace("verify-full", "disable"))
    assert servers.database.plain == before + 1


def test_plain_text_is_refused_by_servers_that_speak_tls(servers: Servers) -> None:
    async def connect() -> None:
        url = servers.nats_url("notes").replace("tls://", "nats://")
        client = await nats.connect(url, allow_reconnect=False, connect_timeout=2, tls=None)
        await client.close()

    with pytest.raises((NatsError, OSError, TimeoutError)):
        asyncio.run(connect())
