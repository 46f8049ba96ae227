"""A stack that listens to a network, asked by the addresses and names that other machines use."""

import http.client
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from notechondria_cli.own_hosts import own_hosts, web_addresses
from notechondria_cli.probe import get
from notechondria_cli.state import StackState
from notechondria_shared.core.web_addresses import urlsplit
from notechondria_shared.observability.diagnosis import Finding

_SECONDS = 5.0
_MOST = 16


def problems(state: StackState) -> Iterator[Finding]:
    """What other machines would meet; a firewall between them and this one cannot be seen from here."""
    hosts = own_hosts(state.host)[:_MOST]
    port = state.ports.get("gateway", 80)
    if not hosts:
        return
    with ThreadPoolExecutor(len(hosts)) as pool:
        answers = list(pool.map(lambda host: _ask(host, port), hosts))
    for address, answer in zip(web_addresses(hosts, port), answers, strict=True):
        if answer is None:
            yield _finding(
                f"{address} does not answer on this machine itself.",
                "See that the address is still this machine's; it is looked up when the stack starts.",
            )
        elif answer == http.client.BAD_REQUEST:
            yield _finding(
                f"{address} is refused as an address that is not ours.",
                "Addresses and names are read when the stack starts: notechondria down, then notechondria up with the "
                "same --host. What it is called elsewhere belongs into DJANGO_ALLOWED_HOSTS.",
            )
        elif answer >= http.client.INTERNAL_SERVER_ERROR:
            yield _finding(f"{address} answers {answer}.", "See: notechondria logs --part gateway.")


def _ask(host: str, port: int) -> int | None:
    """Return the status of an answer to a request for ``host``; a name that nobody knows here is asked by an address.

    Whether a name leads here is the network's matter: a telephone may know it though this machine does not.
    """
    target = host
    try:
        socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        target = "127.0.0.1"
    url, named = web_addresses([target, host], port)
    answer = get(f"{url}/api/v1/handshake/", {"Host": urlsplit(named).netloc}, _SECONDS)
    return None if answer is None else answer[0]


def _finding(problem: str, advice: str) -> Finding:
    return Finding(part="network", problem=problem, advice=advice)
