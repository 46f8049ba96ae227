"""Pebble, Let's Encrypt's own ACME server for tests (RFC 8555), with its name server: every name leads to 127.0.0.1."""

from __future__ import annotations

import json
import os
import re
import shutil
import ssl
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Self

import httpx

from notechondria_cli.layout import PROJECT
from notechondria_cli.ports import choose_port, release_port
from notechondria_launcher.process import guarded
from tests.support.certificates import self_signed
from tests.support.client import eventually

MISSING = (
    "no Pebble here: no certificate was fetched by ACME (Debian: sh tools/get_pebble.sh, or apt-get install pebble)"
)


def programs() -> tuple[str, str] | None:
    """Pebble and its name server; None where they are not installed."""
    places = f"{os.environ.get('PATH', os.defpath)}{os.pathsep}{PROJECT / '.pebble/usr/bin'}"
    server, names = (shutil.which(name, path=places) for name in ("pebble", "pebble-challtestsrv"))
    return (server, names) if server and names else None


class Pebble:
    """A certification authority. It looks for challenges at `tls_port` only: TLS-ALPN-01 (RFC 8737), not HTTP-01.

    What it knows (accounts, orders, its own keys) is lost when it stops.
    """

    def __init__(self, folder: Path, tls_port: int) -> None:
        found = programs()
        assert found is not None, MISSING
        self._program, self._name_server = found
        self._folder = folder
        self._log = folder / "pebble.log"
        self._ports = {
            name: choose_port() for name in ("directory", "management", "names", "name management", "nobody")
        }
        self._tls_port = tls_port
        self.ca_file, self._key = self_signed(folder)
        """The certificate of the directory itself, which nobody trusts by nature."""
        self._running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        for port in self._ports.values():
            release_port(port)

    @property
    def directory(self) -> str:
        """The URL a client begins with."""
        return f"https://localhost:{self._ports['directory']}/dir"

    def start(self, validity: timedelta) -> None:
        """Begin anew; certificates are good for as long as said."""
        configuration = {
            "listenAddress": f"127.0.0.1:{self._ports['directory']}",
            "managementListenAddress": f"127.0.0.1:{self._ports['management']}",
            "certificate": str(self.ca_file),
            "privateKey": str(self._key),
            "httpPort": self._ports["nobody"],
            "tlsPort": self._tls_port,
            "certificateValidityPeriod": int(validity.total_seconds()),
        }
        self._log.write_text("")
        file = self._folder / "pebble.json"
        file.write_text(json.dumps({"pebble": configuration}))
        names = f"127.0.0.2:{self._ports['names']}"  # UDP too, which at 127.0.0.1 whoever chose the port holds
        # No pause before it looks, no second look at a name that was shown to be ours, no made-up errors.
        environment = {"PEBBLE_VA_NOSLEEP": "1", "PEBBLE_AUTHZREUSE": "100", "PEBBLE_WFE_NONCEREJECT": "0"}
        self._run([self._program, "-strict", "-config", str(file), "-dnsserver", names], environment)
        name_server = {
            "dns01": names,
            "defaultIPv4": "127.0.0.1",
            "defaultIPv6": "",
            "management": f"127.0.0.1:{self._ports['name management']}",  # empty would be port 80 of all addresses
            "http01": "",
            "https01": "",
            "tlsalpn01": "",
        }
        self._run([self._name_server, *(f"-{name}={value}" for name, value in name_server.items())], {})
        eventually(self._answers, what="Pebble")

    def stop(self) -> None:
        """Be away."""
        while self._running:
            process = self._running.pop()
            process.kill()
            process.wait()

    def root(self) -> str:
        """The root that its certificates come from, as PEM."""
        with httpx.Client(verify=ssl.create_default_context(cafile=self.ca_file), trust_env=False) as http:
            return http.get(f"https://localhost:{self._ports['management']}/roots/0").raise_for_status().text

    def orders(self) -> int:
        """How many certificates were asked for since its start."""
        return len(re.findall("Added order ", self._log.read_text()))

    def validated(self) -> int:
        """How many names were shown to be ours since its start, by a challenge that it looked at itself."""
        return len(re.findall("set VALID by completed challenge", self._log.read_text()))

    def _answers(self) -> bool:
        assert all(process.poll() is None for process in self._running), self._log.read_text()
        try:
            return bool(self.root())
        except httpx.TransportError:
            return False

    def _run(self, command: list[str], environment: dict[str, str]) -> None:
        with self._log.open("ab") as log:
            self._running.append(
                subprocess.Popen(guarded(command), env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            )
