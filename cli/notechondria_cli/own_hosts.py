"""By which names and addresses other machines reach this one."""

import ipaddress
import socket
from collections.abc import Iterator

from notechondria_shared.core.hosts import in_address, is_loopback

EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound


def own_hosts(host: str) -> list[str]:
    """Return the addresses, then the names, by which others reach what listens on ``host``; none on a loopback.

    The names are what the machine calls itself, and that with ``.local`` (mDNS): whether others resolve them depends on
    their network.
    """
    if is_loopback(host):
        return []
    if host not in EVERYWHERE:
        return [host]
    return list(dict.fromkeys([*_addresses(only_ipv4=host == EVERYWHERE[0]), *_names()]))


def web_addresses(hosts: list[str], port: int) -> list[str]:
    """Return what people type into a browser on another machine."""
    return [f"http://{in_address(host)}:{port}" for host in hosts]


def _addresses(*, only_ipv4: bool) -> Iterator[str]:
    import psutil  # noqa: PLC0415 - nobody else in the launcher needs it all the time

    entries = [entry.address for entries in psutil.net_if_addrs().values() for entry in entries if _is_ip(entry.family)]
    # An address with a zone (`fe80::1%eth0`) leads nowhere on another machine.
    usable = [ipaddress.ip_address(text) for text in entries if "%" not in text]
    for address in sorted(usable, key=lambda one: (one.version, str(one))):
        if not address.is_loopback and not address.is_link_local and not (only_ipv4 and address.version != 4):
            yield str(address)


def _is_ip(family: int) -> bool:
    return family in (socket.AF_INET, socket.AF_INET6)


def _names() -> Iterator[str]:
    name = socket.gethostname().lower().rstrip(".")
    if name and name != "localhost":
        yield name
        if "." not in name:
            yield f"{name}.local"
