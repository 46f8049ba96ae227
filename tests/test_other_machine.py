"""A telephone in the same network, played by a network namespace: it reaches `up --host`, by address and by name."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator

import pytest

from notechondria_cli.doctor import network
from notechondria_cli.own_hosts import own_hosts
from notechondria_cli.state import StackState
from notechondria_launcher.stack import Stack
from tests.support import browser
from tests.support.other_machine import NotPermittedError, OtherMachine, other_machine
from tests.support.ready_data import own_stack

ANYWHERE = "0.0.0.0"  # noqa: S104 - the point of these tests
_ASK = """
import http.client, sys
connection = http.client.HTTPConnection(sys.argv[1], int(sys.argv[2]), timeout=10)
connection.request("GET", sys.argv[4], headers={"Host": sys.argv[3]})
answer = connection.getresponse()
print(answer.status, answer.read(300))
"""


@pytest.fixture(scope="module")
def telephone() -> Iterator[OtherMachine]:
    """A machine that reaches us over a cable of its own."""
    try:
        with other_machine() as machine:
            yield machine
    except NotPermittedError as error:
        pytest.skip(f"no other machine can be played here: {error}")


@pytest.fixture(scope="module")
def open_stack(telephone: OtherMachine) -> Iterator[Stack]:
    """A stack that listens everywhere; the cable is there when it looks up its addresses."""
    with own_stack(host=ANYWHERE) as stack:
        assert telephone.our_address in own_hosts(ANYWHERE)
        yield stack


def ask(telephone: OtherMachine, stack: Stack, host: str, path: str = "/api/v1/handshake/") -> str:
    port = str(stack.ports["gateway"])
    return telephone.runs(["python3", "-c", _ASK, telephone.our_address, port, f"{host}:{port}", path]).stdout


def test_it_is_reached_by_address_and_by_each_of_its_names(telephone: OtherMachine, open_stack: Stack) -> None:
    names = [host for host in own_hosts(ANYWHERE) if not host[0].isdigit() and ":" not in host]
    assert names
    for host in (telephone.our_address, *names):
        assert ask(telephone, open_stack, host).startswith("200 "), host
    assert ask(telephone, open_stack, "notes.example.org").startswith("400 ")


def test_nothing_but_the_gateway_is_reached(telephone: OtherMachine, open_stack: Stack) -> None:
    for part, port in open_stack.ports.items():
        if part != "gateway":
            answer = telephone.runs(["python3", "-c", _ASK, telephone.our_address, str(port), "x", "/"])
            assert "ConnectionRefusedError" in answer.stderr, part


@pytest.mark.browser
@pytest.mark.parametrize("by", ["address", "name"])
def test_a_browser_over_there_shows_the_sign_in_page(telephone: OtherMachine, open_stack: Stack, by: str) -> None:
    programs = browser.programs()
    assert programs is not None
    host = telephone.our_address if by == "address" else own_hosts(ANYWHERE)[-1]
    with tempfile.TemporaryDirectory(prefix="notechondria-browser-") as profile:
        shown = telephone.runs([
            programs[0], "--headless=new", "--no-sandbox", "--disable-gpu", f"--user-data-dir={profile}",
            # The network's own names, as a router would know them.
            f"--host-resolver-rules=MAP {host} {telephone.our_address}", "--timeout=20000", "--dump-dom",
            f"http://{host}:{open_stack.ports['gateway']}/account/sign-in/",
        ])  # fmt: skip
    assert "<form" in shown.stdout, shown
    assert 'type="password"' in shown.stdout


def test_the_doctor_asks_by_the_same_addresses(telephone: OtherMachine, open_stack: Stack) -> None:
    state = StackState.read(open_stack.layout.state)
    assert state is not None
    assert list(network.problems(state)) == []
    open_stack.stop_part("gateway")
    try:
        problems = [finding.problem for finding in network.problems(state)]
        assert f"http://{telephone.our_address}:{state.ports['gateway']} does not answer on this machine itself." in (
            problems
        )
    finally:
        open_stack.start_part("gateway")
