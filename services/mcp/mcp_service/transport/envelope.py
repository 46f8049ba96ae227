"""JSON-RPC 2.0 envelopes as the contract's plain clients see them (mcp §1.1, §2)."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue
from starlette.responses import Response

from notechondria_shared.web.answers import Json, encoded

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601


def rpc_error(request_id: JsonValue, code: int, message: str) -> dict[str, JsonValue]:
    """An error object for `request_id`."""
    return {"jsonrpc": "2.0", "id": request_id, "error": {"code": code, "message": message}}


def rpc_result(request_id: JsonValue, result: Mapping[str, JsonValue]) -> dict[str, JsonValue]:
    """A result object for `request_id`."""
    return {"jsonrpc": "2.0", "id": request_id, "result": {**result}}


def bad_envelope(request_id: JsonValue, code: int, message: str) -> Json:
    """HTTP 400 with a JSON-RPC error: the body is no request at all."""
    return Json(rpc_error(request_id, code, message), status_code=400)


def rpc_ready(request_id: JsonValue, result: bytes) -> Response:
    """The answer with a result that is JSON already."""
    text = b'{"jsonrpc":"2.0","id":%b,"result":%b}' % (encoded(request_id), result)
    return Response(text, media_type=Json.media_type)
