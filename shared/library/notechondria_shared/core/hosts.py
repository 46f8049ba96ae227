"""Host names and addresses: which are this machine's own alone, and how they stand in an address of the web."""

from __future__ import annotations

from ipaddress import ip_address


def is_loopback(host: str | None) -> bool:
    """Whether only this machine reaches what is called so."""
    try:
        return host == "localhost" or ip_address(host or "").is_loopback
    except ValueError:
        return False


def in_address(host: str) -> str:
    """The host as it stands in an address: IPv6 in brackets (RFC 3986 §3.2.2)."""
    return f"[{host}]" if ":" in host else host
