"""A further process of a service beside the stack's own, with settings of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from notechondria_cli.ports import choose_port, release_port
from notechondria_launcher.stack import Stack
from tests.support.client import eventually


@contextmanager
def another(stack: Stack, service: str, **environment: str) -> Iterator[str]:
    """Run another `service` on the stack's database and bus; its base URL."""
    port = choose_port()
    env = {**stack.plan.settings.environment(service), "PORT": str(port), **environment}
    log = stack.log(service).with_name(f"{service}-{port}.log")
    url = f"http://127.0.0.1:{port}"
    with log.open("wb") as out:
        process = subprocess.Popen([sys.executable, "-m", f"{service}_service"], env=env, stdout=out, stderr=out)
        try:
            eventually(lambda: _ready(process, url, log), seconds=75, what=f"{service} on port {port}")
            yield url
        finally:
            stop(process)
            release_port(port)


def stop(process: subprocess.Popen[bytes]) -> None:
    """End a process as its supervisor does; one that does not leave fails this test and no other."""
    process.terminate()
    try:
        process.wait(30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def _ready(process: subprocess.Popen[bytes], url: str, log: Path) -> bool:
    assert process.poll() is None, log.read_text()
    try:
        return httpx.get(f"{url}/internal/health/ready", timeout=5, trust_env=False).is_success
    except httpx.TransportError:
        return False
