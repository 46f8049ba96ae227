"""What a session keeps of the device it was made on (identity §4)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from starlette.requests import Request

from notechondria_shared.core.forwarded import client_address, client_network

_LABELS = (
    ("iphone", "iPhone"),
    ("ipad", "iPad"),
    ("android", "Android device"),
    ("macintosh", "Mac"),
    ("mac os x", "Mac"),
    ("windows", "Windows PC"),
    ("linux", "Linux"),
)


@dataclass(frozen=True, slots=True)
class Device:
    """The device of a request: label, raw header cut to 512, SHA-256 of the address (IPv6: of its /64)."""

    label: str
    user_agent: str
    ip_hash: str
    network: str = ""
    """The address without its last part, for the owner's eyes: `203.0.113.*`."""

    @classmethod
    def of(cls, request: Request) -> Device:
        """Read it off a request; the first X-Forwarded-For hop is the client."""
        return cls.seen(request.headers.get("user-agent", ""), client_address(request))

    @classmethod
    def seen(cls, user_agent: str, address: str) -> Device:
        """Read it off what another service says of its client."""
        agent = user_agent.strip().replace("\x00", "")
        ip_hash = hashlib.sha256(client_network(address).encode()).hexdigest() if address else ""
        return cls(device_label(agent), agent[:512], ip_hash, masked_network(address))


def masked_network(address: str) -> str:
    """An address without what sets one customer apart from the next: the last of four numbers, or all but 48 bits."""
    network = client_network(address)
    if ":" in network:
        first = ":".join(network.partition("/")[0].split(":")[:3])
        return f"{first}:*"
    front, dot, _ = network.rpartition(".")
    return f"{front}.*" if dot else ""


def device_label(user_agent: str) -> str:
    """The label of a User-Agent, first match in the contract's order."""
    if not user_agent:
        return "Unknown device"
    lowered = user_agent.lower()
    return next((label for mark, label in _LABELS if mark in lowered), "Web browser")
