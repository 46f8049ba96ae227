"""Redirect URIs: which may be registered, and when one is the one of a request (RFC 8252 §7, RFC 9700 §4.1)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult

from notechondria_shared.core.web_addresses import urlsplit

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MOST_URIS, LONGEST_URI = 10, 1024
# What a browser, or the system below it, does by itself with an address.
_NOT_OF_APPS = frozenset(
    {
        *("about", "blob", "chrome", "data", "file", "filesystem", "ftp", "geo", "intent", "jar", "javascript"),
        *("mailto", "market", "ms-settings", "resource", "sms", "smb", "ssh", "tel", "vbscript", "view-source", "ws"),
        *("wss", "search-ms", "ldap", "ms-msdt", "shell", "steam", "app", "urn"),
    }
)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{1,60}")
_PLAIN = re.compile(r"[\x21\x23-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7a\x7e]+")
"""The characters of a URI (RFC 3986 §2), without those that no address needs and a page or header stumbles over."""
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
"""A name or an address: nothing that a Content-Security-Policy, where the host is named, would read as a sign."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where an answer goes, as a person is shown it and as a Content-Security-Policy names it."""

    host: str
    source: str
    is_local: bool


def _split(uri: str) -> SplitResult | None:
    try:
        parts = urlsplit(uri)
        _ = parts.port
    except ValueError:
        return None
    return parts


def may_be_registered(uri: str) -> bool:
    """An https address, an http one of the person's own machine, or the scheme of an app; without a fragment."""
    parts = _split(uri)
    if parts is None or len(uri) > LONGEST_URI or not _PLAIN.fullmatch(uri) or "#" in uri:
        return False
    if parts.scheme in {"http", "https"}:
        if parts.username is not None or parts.password is not None or not _HOST.fullmatch(parts.hostname or ""):
            return False
        return parts.scheme == "https" or parts.hostname in LOOPBACK
    return _SCHEME.fullmatch(parts.scheme) is not None and parts.scheme not in _NOT_OF_APPS


def is_registered(uri: str, registered: Iterable[str]) -> bool:
    """Whether a redirect URI is one of a client's: the same text, but for the port of the person's own machine.

    A program listens on whatever port is free at the time (RFC 8252 §7.3).
    """
    return _split(uri) is not None and any(uri == known or _same_but_for_port(uri, known) for known in registered)


def _same_but_for_port(uri: str, known: str) -> bool:
    mine, theirs = _split(uri), _split(known)
    if mine is None or theirs is None or not may_be_registered(uri):
        return False
    return (
        mine.scheme == theirs.scheme == "http"
        and mine.hostname == theirs.hostname
        and mine.hostname in LOOPBACK
        and (mine.path or "/", mine.query) == (theirs.path or "/", theirs.query)
    )


def target_of(uri: str) -> Target:
    """Where a proven redirect URI leads."""
    parts = urlsplit(uri)
    if parts.scheme not in {"http", "https"}:
        return Target(f"{parts.scheme}:", f"{parts.scheme}:", is_local=True)
    host = parts.hostname or ""
    return Target(host, f"{parts.scheme}://{parts.netloc}", is_local=host in LOOPBACK)
