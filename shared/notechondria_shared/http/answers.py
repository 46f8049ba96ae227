"""The JSON answer of the product: UTF-8 said aloud, so that old Dart clients read the em dash (identity §1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from starlette.responses import JSONResponse

from notechondria_shared.timestamps import iso_offset


class Json(JSONResponse):
    """`application/json; charset=utf-8`, non-ASCII not escaped."""

    media_type = "application/json; charset=utf-8"

    def render(self, content: Any) -> bytes:
        """Compact JSON; NaN and infinities are a programming error."""
        return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def plain(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row of the database as JSON has it: moments and dates in ISO 8601, UUIDs as text."""
    return {name: _plain(value) for name, value in row.items()}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return iso_offset(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value


def route_not_found(path: str) -> Json:
    """The three-key 404 of an unknown path (identity §3.1)."""
    return Json({"detail": "API route not found.", "status_code": 404, "path": path}, status_code=404)


def server_error(path: str) -> Json:
    """The three-key 500 (identity §3.1); what happened is in the log, under the request id."""
    body = {"detail": "Something went wrong on our side; it has been logged.", "status_code": 500, "path": path}
    return Json(body, status_code=500)
