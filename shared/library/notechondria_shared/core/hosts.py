"""Host names and addresses: which are this machine's own alone, and how they stand in an address of the web."""

from __future__ import annotations

from ipaddress import IPv6Address, ip_address


def is_loopback(host: str | None) -> bool:
    """Whether only this machine reaches what is called so; also as `::ffff:127.0.0.1`, as all Pythons from 3.13 on."""
    if host == "localhost":
        return True
    try:
        address = ip_address(host or "")
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def in_address(host: str) -> str:
    """The host as it stands in an address: IPv6 in brackets (RFC 3986 §3.2.2)."""
    return f"[{host}]" if ":" in host else host
