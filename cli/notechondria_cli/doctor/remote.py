"""A system elsewhere, asked through its gateway: `GET /api/v1/status/` with the key of somebody who is staff."""

import http.client
import json
import re
import socket
from pathlib import Path

from pydantic import ValidationError

from notechondria_cli.errors import StackError
from notechondria_cli.gateway_settings import web_address
from notechondria_shared.observability.diagnosis import Finding, SystemStatus

_PATH = "/api/v1/status/"
_SECONDS = 20.0
"""More than the gateway waits for a service that is restarting."""
_KEY = re.compile(r"ntc_[0-9a-f]{32}")
_LEAVE = "Make one as staff: POST /api/v1/auth/api-keys/; who is staff says: notechondria users list."


def read_key(file: Path) -> str:
    """Return the API key that a file holds. Raises StackError when there is none."""
    try:
        key = file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        raise StackError(f"{file} cannot be read.", "Give a file that holds an API key and nothing else.") from error
    if not _KEY.fullmatch(key):
        raise StackError(f"{file} holds no API key (ntc_ and 32 characters).", _LEAVE)
    return key


def ask(url: str, key: str) -> SystemStatus | list[Finding]:
    """Return what the system at a URL says of itself, or why it did not. Raises StackError for what is no URL."""
    parts = web_address(url)
    if parts is None:
        raise StackError(f"{url} is no address.", "Give it as people open it: https://notes.example.org.")
    host = parts.hostname or ""
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    try:
        connection = kind(host, parts.port, timeout=_SECONDS)
        headers = {"Authorization": f"Bearer {key}", "Accept": "application/json"}
        connection.request("GET", parts.path.rstrip("/") + _PATH, headers=headers)
        response = connection.getresponse()
        status, body, location = response.status, response.read(), response.getheader("Location", "")
        connection.close()
    except (OSError, ValueError, http.client.HTTPException) as error:
        reason = "no such name" if isinstance(error, socket.gaierror) else str(error) or type(error).__name__
        advice = "See that its gateway runs and can be reached from here; on its own machine: notechondria doctor."
        return [Finding(part="gateway", problem=f"{url} does not answer ({reason}).", advice=advice)]
    if status == http.client.OK:
        try:
            return SystemStatus.model_validate_json(body)
        except ValidationError:
            pass
    return [_refusal(url, status, _detail(body), location)]


def _refusal(url: str, status: int, detail: str, location: str) -> Finding:
    if 300 <= status < 400:
        return Finding(part="address", problem=f"{url} leads to {location}.", advice="Give the address it leads to.")
    if status == http.client.UNAUTHORIZED:
        return Finding(part="key", problem=f"The key is not known there: {detail}", advice=_LEAVE)
    if status == http.client.FORBIDDEN:
        return Finding(part="key", problem=detail, advice="Its owner becomes staff by: notechondria staff grant USER.")
    if status in (http.client.SERVICE_UNAVAILABLE, http.client.TOO_MANY_REQUESTS):
        advice = "Ask again; if it stays so, identity or its database is away: look there."
        return Finding(part="identity", problem=f"It answers {status}: {detail}", advice=advice)
    return Finding(
        part="address",
        problem=f"{url} answers {status}{': ' if detail else ''}{detail}, and not as Notechondria would.",
        advice="See that it leads to the gateway, by a name of PUBLIC_BASE_URL or DJANGO_ALLOWED_HOSTS.",
    )


def _detail(body: bytes) -> str:
    try:
        said = json.loads(body)
    except ValueError:
        return ""
    return str(said.get("detail", "")) if isinstance(said, dict) else ""
