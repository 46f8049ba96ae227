"""Which addresses a service may connect to because a person or program named them (planner §5.2)."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# What Python itself calls global changed in 3.11.10, 3.12.4 and 3.14 (CPython issues 113171, 124217): it is not asked.
# Forms that embed an IPv4 address are refused whole: where they lead is decided by a gateway and not by us.
_UNICAST = ip_network("2000::/3")
"""All of IPv6 that is assigned to the public internet (IANA, "IPv6 Address Space")."""
_REFUSED = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "168.63.129.16/32",  # metadata and DNS of Azure's machines
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "2001::/23",  # Teredo and other protocol assignments
        "2001:db8::/32",
        "2002::/16",  # 6to4
        "3fff::/20",
    )
)


def is_public(text: str) -> bool:
    """True for an address of the public internet; False for anything else, and for what is no address."""
    try:
        address: IPv4Address | IPv6Address = ip_address(text.partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False
    # The last four bytes of an ISATAP address are an IPv4 address behind a tunnel.
    if isinstance(address, IPv6Address) and (int(address) >> 32) & 0xFDFFFFFF == 0x5EFE:
        return False
    return not any(address in network for network in _REFUSED if network.version == address.version)
