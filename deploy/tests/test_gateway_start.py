"""gateway/start.sh outside a container: which addresses and routes it hands to Traefik (ADR 0013)."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml
from deploy.tests.manifests import ROOT
from tests.support.client import eventually

from notechondria_cli.ports import choose_port

GATEWAY = ROOT / "gateway"


class Replica(BaseHTTPRequestHandler):
    """A service of which only its health is asked."""

    status = 200

    def do_GET(self) -> None:
        assert self.path == "/internal/health/live"
        self.send_response(self.status)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def answering(status: int) -> type[Replica]:
    class One(Replica):
        pass

    One.status = status
    return One


class Replicas:
    """Servers at addresses of loopback, all at one port, each with its word on its health."""

    def __init__(self, words: dict[str, int]) -> None:
        self.port = choose_port()
        self.handlers = {address: answering(status) for address, status in words.items()}
        self.servers = [ThreadingHTTPServer((address, self.port), one) for address, one in self.handlers.items()]
        for server in self.servers:
            threading.Thread(target=server.serve_forever, daemon=True).start()

    def close(self) -> None:
        for server in self.servers:
            server.shutdown()
            server.server_close()


@pytest.fixture
def replicas() -> Iterator[Replicas]:
    """Two that live and one that leaves; a fourth address answers nobody."""
    running = Replicas({"127.0.0.1": 200, "127.0.0.2": 200, "127.0.0.3": 503})
    yield running
    running.close()


def program(folder: Path, name: str, text: str) -> None:
    file = folder / name
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)


@pytest.fixture
def started(tmp_path: Path, replicas: Replicas) -> Iterator[Path]:
    """The script at work, with a Traefik that only waits and names that are known to it; the folder of its files."""
    lines = "".join(f"127.0.0.{n} {kind} notes\\n" for n in (1, 2, 3, 4) for kind in ("STREAM", "DGRAM", "RAW"))
    program(
        tmp_path, "getent", f'[ "$2" = notes ] && printf \'{lines}\' || [ "$2" != mcp ] || echo "10.0.0.9 STREAM mcp"'
    )
    program(tmp_path, "traefik", f'echo "$1" >{tmp_path}/called; exec sleep 60')
    env = {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "GATEWAY_ROUTES": str(GATEWAY / "routes"),
        "GATEWAY_RESOLVED": str(tmp_path / "routes"),
        "GATEWAY_RENDERED": str(tmp_path / "traefik.yaml"),
        "GATEWAY_RESOLVE_SECONDS": "0.2",
        "IDENTITY_URL": "http://nobody:8000",
        "NOTES_URL": f"http://notes:{replicas.port}",
        "PLANNER_URL": "http://one.example:8000,http://two.example:8000",
        "MCP_URL": "http://mcp:8000/",
        "WEB_URL": "http://web:8000",
    }
    running = subprocess.Popen([GATEWAY / "start.sh"], env=env, start_new_session=True)
    try:
        eventually((tmp_path / "called").exists, 20)
        yield tmp_path
    finally:
        os.killpg(running.pid, signal.SIGKILL)
        running.wait()


def addresses(folder: Path) -> dict[str, str]:
    """What stands in the place of each variable."""
    (line,) = [one for one in (folder / "routes" / "services.yaml").read_text().splitlines() if "$urls := dict" in one]
    words = line.split('"')[1::2]
    return dict(zip(words[::2], words[1::2], strict=True))


def test_every_living_replica_is_a_server_of_its_own(started: Path, replicas: Replicas) -> None:
    port = replicas.port
    assert addresses(started) == {
        "identity": "http://nobody:8000",  # without an address: it is down, and Traefik says so
        "notes": f"http://127.0.0.1:{port},http://127.0.0.2:{port}",
        "planner": "http://one.example:8000,http://two.example:8000",
        "mcp": "http://10.0.0.9:8000/",  # the only one is not asked first
        "web": "http://web:8000",
    }
    static = yaml.safe_load((started / "traefik.yaml").read_text())
    assert static["providers"]["file"]["directory"] == str(started / "routes")
    assert sorted(file.name for file in (started / "routes").glob("*.yaml")) == sorted(
        file.name for file in (GATEWAY / "routes").iterdir()
    )


def test_who_leaves_is_left_out_and_who_comes_is_let_in(started: Path, replicas: Replicas) -> None:
    port = replicas.port
    replicas.handlers["127.0.0.1"].status = 503
    eventually(lambda: addresses(started)["notes"] == f"http://127.0.0.2:{port}")
    replicas.handlers["127.0.0.3"].status = 200
    eventually(lambda: addresses(started)["notes"] == f"http://127.0.0.2:{port},http://127.0.0.3:{port}")
    before = (started / "routes" / "services.yaml").stat().st_mtime_ns
    replicas.handlers["127.0.0.2"].status = replicas.handlers["127.0.0.3"].status = 503
    # None lives: all stay, and Traefik's own checks decide.
    everybody = ",".join(f"http://127.0.0.{n}:{port}" for n in (1, 2, 3, 4))
    eventually(lambda: addresses(started)["notes"] == everybody)
    assert (started / "routes" / "services.yaml").stat().st_mtime_ns > before
