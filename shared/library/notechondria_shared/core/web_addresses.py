"""Addresses of the web taken apart alike on every Python, as far as decisions hang on it.

`urllib.parse.urlsplit` takes `http://[::1]evil.example/` for an address of `::1` in 3.11.7, 3.12.1 and 3.13.0; versions
before and after refuse it (CPython issues 103848 and 105704). 3.11.0 to 3.11.3 leave blanks and control characters
before the scheme where they are (issue 102153). All of the project takes addresses apart with this one.
"""

from __future__ import annotations

import re
from ipaddress import IPv6Address
from urllib.parse import SplitResult
from urllib.parse import urlsplit as _urlsplit

_BEFORE = "".join(map(chr, range(0x21)))
_IN_BRACKETS = re.compile(r"\[(?P<address>[^\[\]]*)\](?::[^\[\]]*)?")
_FUTURE = re.compile(r"v[0-9A-Fa-f]+\..+")
"""`IPvFuture` of RFC 3986 §3.2.2."""


def urlsplit(address: str) -> SplitResult:
    """The parts of an address. `ValueError` when brackets are anything but those around an IPv6 host."""
    parts = _urlsplit(address.lstrip(_BEFORE))
    if "[" in parts.netloc or "]" in parts.netloc:
        _check_brackets(parts.netloc)
    return parts


def _check_brackets(netloc: str) -> None:
    credentials, _, host = netloc.rpartition("@")
    match = _IN_BRACKETS.fullmatch(host)
    if match is None or "[" in credentials or "]" in credentials:
        raise ValueError("Invalid IPv6 URL")
    if not _FUTURE.fullmatch(match["address"]):
        IPv6Address(match["address"])


def host_of(address: str) -> str:
    """The host of an address; empty for what is none."""
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""
