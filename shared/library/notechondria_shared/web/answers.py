"""The JSON answer of the product: UTF-8 said aloud, so that old Dart clients read the em dash (identity §1)."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import JSONResponse


class Json(JSONResponse):
    """`application/json; charset=utf-8`, non-ASCII not escaped."""

    media_type = "application/json; charset=utf-8"

    def render(self, content: Any) -> bytes:
        """Compact JSON; NaN and infinities are a programming error."""
        return json.dumps(content, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def server_error(path: str) -> Json:
    """The three-key 500 (identity §3.1); what happened is in the log, under the request id."""
    body = {"detail": "Something went wrong on our side; it has been logged.", "status_code": 500, "path": path}
    return Json(body, status_code=500)
