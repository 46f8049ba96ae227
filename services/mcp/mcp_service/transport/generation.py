"""Which generation of client a request comes from.

A request that names its protocol version in the header is the SDK's. Of those that do not, only the handshake of a
newer client differs from a plain one: it names a revision that has the header, and accepts an event stream, as every
revision since 2025-03-26 demands of its clients and the plain contract does not.
"""

from __future__ import annotations

import json
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import uuid4

from mcp_types.version import HANDSHAKE_PROTOCOL_VERSIONS
from pydantic import JsonValue
from starlette.requests import Request

from mcp_service.agent import ClientName

SESSION_HEADER = "Mcp-Session-Id"
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
_SESSION = re.compile(r"[0-9a-f-]{36}\.([\w-]{1,400})")
"""A session id of ours: a random part, and the name of the client that began it."""


def client_name(request: Request, message: JsonValue) -> ClientName:
    """How the client names itself: clientInfo of the request, what the session id keeps of it, else the User-Agent."""
    params = message.get("params") if isinstance(message, dict) else None
    info: JsonValue = None
    if isinstance(params, dict):
        meta = params.get("_meta")
        info = params.get("clientInfo") or (
            meta.get("io.modelcontextprotocol/clientInfo") if isinstance(meta, dict) else None
        )
    if isinstance(info, dict) and isinstance(info.get("name"), str):
        return _named(str(info["name"]), str(info.get("version") or ""))
    if kept := _of_session(request.headers.get(SESSION_HEADER, "")):
        return kept
    agent = _printable(request.headers.get("user-agent", ""))
    name, _, rest = agent.partition("/")
    return ClientName(name[:100], rest.partition(" ")[0][:50], agent[:200])


def session_id_of(client: ClientName) -> str:
    """A session id for a client that has just named itself: nothing is kept here, so that its later requests, which do
    not name it, bring the name along."""
    named = json.dumps([client.name, client.version]).encode()
    return f"{uuid4()}.{urlsafe_b64encode(named).decode().rstrip('=')}"


def _of_session(session_id: str) -> ClientName | None:
    match = _SESSION.fullmatch(session_id)
    if match is None:
        return None
    try:
        name, version = json.loads(urlsafe_b64decode(match[1] + "=" * (-len(match[1]) % 4)))
    except (ValueError, TypeError, RecursionError):
        return None
    return _named(name, version) if isinstance(name, str) and isinstance(version, str) else None


def _named(name: str, version: str) -> ClientName:
    name, version = _printable(name)[:100], _printable(version)[:50]
    return ClientName(name, version, f"{name} {version}".strip())


def _printable(text: str) -> str:
    return _NAME.sub("?", text)
