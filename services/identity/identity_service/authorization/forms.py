"""Reading what programs send: forms whose parameters come once each (RFC 6749 §3.2), and bounded JSON."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import Request
from pydantic import JsonValue

from identity_service.authorization.errors import OAuthError
from notechondria_shared.core.errors import BadRequest
from notechondria_shared.web.body import client_of, read_json, read_limited
from notechondria_shared.web.body_budget import BUDGET

MOST_BYTES = 16 * 1024
MOST_FIELDS = 50
FORM = "application/x-www-form-urlencoded"


RESOURCE = "resource"
"""May come several times (RFC 8707 §2); its values are then one text, with spaces between them."""


def parameters(text: str) -> dict[str, str]:
    """The parameters of a query or form. ValueError when one comes twice, is no text, or when there are too many."""
    pairs = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS, errors="strict")
    resources = [value for name, value in pairs if name == RESOURCE and value]
    pairs = [pair for pair in pairs if pair[0] != RESOURCE]
    if resources:
        pairs.append((RESOURCE, " ".join(resources)))
    fields = dict(pairs)
    if len(fields) != len(pairs):
        message = "a parameter comes twice"
        raise ValueError(message)
    if any("\x00" in value for value in fields.values()):
        message = "a parameter holds a NUL character"
        raise ValueError(message)
    # One without a value counts as one that was left out (RFC 6749 §3.1).
    return {name: value for name, value in fields.items() if value}


async def read_form(request: Request) -> dict[str, str]:
    """The form of a request; `invalid_request` for whatever is none."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != FORM:
        raise OAuthError("invalid_request", f"Send a form ({FORM}).")
    try:
        return parameters((await _read(request)).decode())
    except ValueError:
        raise OAuthError("invalid_request", "The form cannot be read, or has a parameter twice.") from None


async def read_document(request: Request, error: str) -> dict[str, JsonValue]:
    """The JSON object of a request; `error` for whatever is none."""
    try:
        value = read_json(await _read(request))
    except ValueError:
        value = None
    if not isinstance(value, dict):
        raise OAuthError(error, "Send a JSON object.")
    return value


async def _read(request: Request) -> bytes:
    try:
        with BUDGET.hold(client_of(request)) as hold:
            return await read_limited(request, MOST_BYTES, hold)
    except BadRequest:
        raise OAuthError("invalid_request", f"The body is larger than {MOST_BYTES // 1024} KiB, or ended.") from None
