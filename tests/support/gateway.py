"""A further gateway before the services of a running stack, with settings of its own."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from notechondria_cli.ports import choose_port, release_port
from notechondria_cli.probe import get_json
from notechondria_launcher.part import ManagedProcess
from notechondria_launcher.stack import Stack
from notechondria_launcher.traefik import Traefik


@dataclass
class Gateway:
    """Its base URL, the port at which it serves its state, and its log of requests."""

    url: str
    ping_port: int
    access_log: Path

    def up(self, service: str) -> int:
        """How many replicas of a service it holds for alive."""
        answer = get_json(f"http://127.0.0.1:{self.ping_port}/api/http/services/{service}@file")
        states = answer.get("serverStatus", {}) if isinstance(answer, dict) else {}
        return list(states.values()).count("UP")


@contextmanager
def another_gateway(stack: Stack, urls: dict[str, str] | None = None, **environment: str) -> Iterator[Gateway]:
    """Run another Traefik; `urls` names services elsewhere than in the stack (several: with a comma between them)."""
    port, ping_port = choose_port(), choose_port()
    where, env = {**stack.plan.settings.urls, **(urls or {})}, {**stack.plan.env, **environment}
    with tempfile.TemporaryDirectory(prefix="notechondria-gateway-") as name:
        folder = Path(name)
        part = ManagedProcess("gateway", Traefik(folder, folder, "127.0.0.1", port, ping_port, where, env).spec)
        part.start()
        try:
            yield Gateway(f"http://127.0.0.1:{port}", ping_port, folder / "access.log")
        finally:
            part.stop()
            release_port(port)
            release_port(ping_port)
