"""Addresses of calendars: which are taken (planner §3.2) and what they are read from (§4). Pure rules."""

from __future__ import annotations

import base64
import binascii
import re
from urllib.parse import SplitResult, parse_qs, quote

from notechondria_shared.core.web_addresses import urlsplit

LONGEST = 2000
GOOGLE = "calendar.google.com"
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f\\\"<>^`{|}\s]")
# Not allowed by RFC 3986 either, but what programs write into queries; they are escaped when the address is fetched.
_OF_QUERIES = re.compile(r"[{|}]")
_LABEL = re.compile(r"[\w-]{1,63}\.?")


def web_address(text: str) -> str | None:
    """The address as it is kept: absolute http or https, `webcal` rewritten to https; None for anything else."""
    parts = _split(text)
    if parts is None:
        return None
    query = text.partition("?")[1] + text.partition("?")[2]
    if _FORBIDDEN.search(text.removesuffix(query) + _OF_QUERIES.sub("", query)):
        return None
    scheme = parts.scheme.lower()
    if scheme in {"webcal", "webcals"}:
        text, scheme = "https" + text[len(parts.scheme) :], "https"
    if scheme not in {"http", "https"} or not _is_host(parts):
        return None
    return text


def _split(text: str) -> SplitResult | None:
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises when it is no number
    except ValueError:
        return None
    return parts


def _is_host(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    if ":" in host:  # urlsplit has checked what stands in brackets
        return True
    labels = host.removesuffix(".").split(".")
    return len(host) <= 253 and all(
        _LABEL.fullmatch(label) and not label.startswith("-") and not label.endswith("-") for label in labels
    )


def normalised(text: str) -> str:
    """The address to fetch (planner §4): pages of Google Calendar lead to the calendar itself, others stay."""
    parts = _split(text)
    if parts is None or GOOGLE not in (parts.hostname or "") or "/calendar/ical/" in parts.path:
        return text
    identifier = _calendar_id(parts)
    if not identifier:
        return text
    return f"https://{GOOGLE}/calendar/ical/{quote(identifier, safe='', errors='replace')}/public/basic.ics"


def _calendar_id(parts: SplitResult) -> str | None:
    query = parse_qs(parts.query)
    if source := query.get("src", [""])[0]:
        return source
    return _decoded(query.get("cid", [""])[0])


def _decoded(cid: str) -> str | None:
    # What stands behind the first `=` is no part of it; Python 3.14 goes on there.
    text = cid.partition("=")[0]
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_")
    except (binascii.Error, ValueError):
        return None
    return raw.decode("utf-8", "ignore").strip() or None
