"""Which generation of client a request comes from.

A request that names its protocol version in the header is the SDK's. Of those that do not, only the handshake of a
newer client differs from a plain one: it names a revision that has the header, and accepts an event stream, as every
revision since 2025-03-26 demands of its clients and the plain contract does not.
"""

from __future__ import annotations

import re

from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from pydantic import JsonValue
from starlette.requests import Request

VERSION_HEADER = "mcp-protocol-version"
PLAIN_VERSIONS = frozenset({"2024-11-05", "2025-03-26"})


def speaks_sdk(request: Request, message: JsonValue) -> bool:
    """True when the SDK's transport answers."""
    return VERSION_HEADER in request.headers or _newer_handshake(request, message)


def _newer_handshake(request: Request, message: JsonValue) -> bool:
    if not isinstance(message, dict) or message.get("method") != "initialize":
        return False
    if message.get("id") is None or "text/event-stream" not in request.headers.get("accept", "").lower():
        return False
    params = message.get("params")
    version = params.get("protocolVersion") if isinstance(params, dict) else None
    return isinstance(version, str) and version in set(HANDSHAKE_PROTOCOL_VERSIONS) - PLAIN_VERSIONS


def is_plain(request: Request, message: JsonValue) -> bool:
    """True for a plain client (decision 60): it has negotiated no revision after 2025-03-26."""
    if VERSION_HEADER in request.headers:
        return request.headers[VERSION_HEADER] in PLAIN_VERSIONS
    return not _newer_handshake(request, message)


_NAME = re.compile(r"[^\x20-\x7e]+")


def client_name(request: Request, message: JsonValue) -> str:
    """How the client names itself: clientInfo of the request, else the User-Agent."""
    params = message.get("params") if isinstance(message, dict) else None
    info: JsonValue = None
    if isinstance(params, dict):
        meta = params.get("_meta")
        info = params.get("clientInfo") or (
            meta.get("io.modelcontextprotocol/clientInfo") if isinstance(meta, dict) else None
        )
    if isinstance(info, dict) and isinstance(info.get("name"), str):
        return _NAME.sub("?", f"{info['name']} {info.get('version') or ''}".strip())[:200]
    return _NAME.sub("?", request.headers.get("user-agent", ""))[:200]
