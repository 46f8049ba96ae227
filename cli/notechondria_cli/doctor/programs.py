"""Whether programs find out how to ask for access, as a client of MCP goes about it (RFC 9728, RFC 8414)."""

import http.client
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from notechondria_cli.gateway_settings import web_address
from notechondria_cli.state import StackState
from notechondria_shared.observability.diagnosis import Finding

_SECONDS = 12.0
"""More than the gateway waits for a service that is restarting."""
_MOST_BYTES = 65_536
_METADATA = re.compile(r'resource_metadata="([^"]*)"')
_ADVICE = (
    "Programs compare these addresses with the one that people type: see that PUBLIC_BASE_URL is that one, and that "
    "what stands in front passes /mcp, /oauth/ and /.well-known/ on as they are."
)
_SERVER = "/.well-known/oauth-authorization-server"
_RESOURCE = "/.well-known/oauth-protected-resource/mcp"


@dataclass(frozen=True)
class Answer:
    """What was answered."""

    status: int
    challenge: str
    document: dict[str, Any]


Ask = Callable[[str, str], Answer]
"""Sends a request, by method and path."""


def problems_here(state: StackState) -> Iterator[Finding]:
    """What a program would meet at the stack on this machine, asked by the name that people use."""
    parts = web_address(state.url)
    public = web_address(state.public_url)
    if parts is None or public is None or parts.scheme != "http":
        return
    ask = _asking(parts.hostname or "127.0.0.1", parts.port or 80, secure=False, host=public.netloc)
    try:
        first = ask("POST", "/mcp")
        # Over to TLS of its own, which `certificate` looks at.
        if 300 <= first.status < 400:
            return
        yield from problems(ask, state.public_url)
    except (OSError, ValueError, http.client.HTTPException):
        return  # that the gateway does not answer is said elsewhere


def problems_of(url: str) -> Iterator[Finding]:
    """What a program would meet at an address as people type it."""
    parts = web_address(url)
    if parts is None:
        return
    secure = parts.scheme == "https"
    ask = _asking(parts.hostname or "", parts.port or (443 if secure else 80), secure=secure, host=parts.netloc)
    try:
        yield from problems(ask, url)
    except (OSError, ValueError, http.client.HTTPException):
        return


def problems(ask: Ask, base: str) -> Iterator[Finding]:
    """The way of a program: a call without a credential, who gives access, and where it is asked for."""
    base = base.rstrip("/")
    refused = ask("POST", "/mcp")
    named = _METADATA.search(refused.challenge)
    if refused.status != http.client.UNAUTHORIZED or named is None:
        yield _finding(f"{base}/mcp answers {refused.status} to strangers and does not say where to ask for access.")
        return
    if named[1] != base + _RESOURCE:
        yield _finding(f"{base}/mcp says that programs are to ask at {named[1]}.")
        return
    resource = ask("GET", _RESOURCE)
    if (about := resource.document.get("resource")) != f"{base}/mcp":
        yield _finding(f"{base}{_RESOURCE} answers {resource.status} and is about {about}, not {base}/mcp.")
        return
    server = ask("GET", _SERVER)
    if (issuer := server.document.get("issuer")) != base:
        yield _finding(f"{base}{_SERVER} answers {server.status} and names {issuer} as issuer, not {base}.")
        return
    for name in ("authorization", "token", "registration"):
        address = server.document.get(f"{name}_endpoint")
        if not isinstance(address, str) or not address.startswith(f"{base}/"):
            yield _finding(f"The {name} endpoint is {address}, which is not below {base}.")


def _asking(name: str, port: int, *, secure: bool, host: str) -> Ask:
    kind = http.client.HTTPSConnection if secure else http.client.HTTPConnection

    def ask(method: str, path: str) -> Answer:
        connection = kind(name, port, timeout=_SECONDS)
        try:
            headers = {"Host": host, "Accept": "application/json", "Content-Type": "application/json"}
            connection.request(method, path, body=b"{}" if method == "POST" else None, headers=headers)
            response = connection.getresponse()
            body = response.read(_MOST_BYTES)
        finally:
            connection.close()
        try:
            document = json.loads(body)
        except ValueError:
            document = {}
        challenge = response.getheader("WWW-Authenticate", "")
        return Answer(response.status, challenge, document if isinstance(document, dict) else {})

    return ask


def _finding(problem: str) -> Finding:
    return Finding(part="programs", problem=problem, advice=_ADVICE)
