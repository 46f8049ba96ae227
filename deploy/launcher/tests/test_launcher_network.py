"""A stack that other machines reach: by which names and addresses, and what up says of them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from notechondria_cli.layout import Layout
from notechondria_cli.own_hosts import own_hosts, web_addresses
from notechondria_cli.state import PartState, StackState
from notechondria_launcher.stack import Stack
from notechondria_launcher.summary import summary

ANYWHERE = "0.0.0.0"  # noqa: S104 - the point of these tests


def test_a_stack_that_listens_everywhere_is_reached_by_its_own_names_and_no_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o711)
    names = own_hosts(ANYWHERE)
    assert names
    with Stack(tmp_path, host=ANYWHERE) as stack:
        url, port = f"http://127.0.0.1:{stack.ports['gateway']}/api/v1/handshake/", stack.ports["gateway"]
        for name in (*names, "localhost", "127.0.0.1"):
            assert httpx.get(url, headers={"Host": f"{name}:{port}"}).status_code == 200, name
        for name in ("notes.example.org", "192.0.2.99", f"{names[-1]}.evil.example"):
            answer = httpx.get(url, headers={"Host": f"{name}:{port}"})
            assert (answer.status_code, answer.json()["detail"]) == (400, "Invalid Host header."), name


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
def test_a_loopback_has_no_names_for_others(host: str) -> None:
    assert own_hosts(host) == []


def test_one_address_is_itself() -> None:
    assert own_hosts("192.0.2.7") == ["192.0.2.7"]
    assert web_addresses(["192.0.2.7", "2001:db8::1", "box.local"], 8080) == [
        "http://192.0.2.7:8080",
        "http://[2001:db8::1]:8080",
        "http://box.local:8080",
    ]


@pytest.mark.parametrize("name", ["box", "box.example.org"])
def test_the_name_of_the_machine_is_one_of_them(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr("socket.gethostname", lambda: name)
    assert own_hosts(ANYWHERE)[-1] == ("box.local" if name == "box" else name)


def test_up_says_what_to_type_on_a_telephone(tmp_path: Path) -> None:
    state = StackState(PartState(1, 1.0), "http://127.0.0.1:8080", "http://localhost:8080", True, {}, host="192.0.2.7")
    said = summary(Layout(tmp_path), state, {}, detached=True, qr_code=True)
    assert "Elsewhere      http://192.0.2.7:8080" in said
    assert "For a telephone, http://192.0.2.7:8080:" in said
    assert "█" in said
    assert "█" not in summary(Layout(tmp_path), state, {}, detached=True)
    at_home = replace(state, host="127.0.0.1")
    assert "Elsewhere" not in summary(Layout(tmp_path), at_home, {}, detached=True, qr_code=True)
