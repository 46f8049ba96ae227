"""The agents' log over HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Request

from mcp_service.calls import schemas
from mcp_service.calls.service import CallLog, Filter
from mcp_service.door.caller import current_caller
from notechondria_contracts.fields import messages
from notechondria_contracts.fields.rules import BIGINT_MAX, TRUE_VALUES, parse_datetime
from notechondria_shared.auth import LoggedIn
from notechondria_shared.core.errors import BadRequest
from notechondria_shared.web.answers import Json
from notechondria_shared.web.internal import require_internal

MOST = 200
DEFAULT = 50

router = APIRouter(prefix="/api/v1/mcp/calls", tags=["agents' log"])
internal = APIRouter(prefix="/internal/users", include_in_schema=False, dependencies=[Depends(require_internal)])


async def call_log(request: Request) -> CallLog:
    """The log of this service."""
    found: CallLog = request.app.state.call_log
    return found


Log = Annotated[CallLog, Depends(call_log)]


@router.get("/", response_model=schemas.CallPage)
async def list_calls(
    caller: LoggedIn,
    log: Log,
    tool: str = "",
    outcome: str = "",
    key_id: str = "",
    changes_only: str = "",
    since: str = "",
    until: str = "",
    limit: str = "",
    offset: str = "",
) -> Json:
    """The caller's own calls of the last 90 days, newest first, in the page envelope of notes §5.3.

    Filters: `tool` (name), `outcome` (`ok` or `error`), `key_id`, `changes_only` (1 or true), `since` and `until` (ISO
    8601; until is exclusive). `limit` 1 to 200, default 50. 400 `{"detail"}` for a value that cannot be read.
    """
    size = max(1, min(_number("limit", limit, DEFAULT) or DEFAULT, MOST))
    start = max(0, _number("offset", offset, 0) or 0)
    if outcome and outcome not in {"ok", "error"}:
        raise BadRequest(f"outcome: {messages.not_a_choice(outcome)}")
    wanted = Filter(
        tool=_word("tool", tool),
        outcome=outcome or None,
        key_id=_number("key_id", key_id, None),
        changes_only=changes_only.strip().lower() in TRUE_VALUES,
        since=_moment("since", since),
        until=_moment("until", until),
    )
    total, rows = await log.page(caller.user_id, wanted, size, start)
    has_more = start + size < total
    return Json({"results": rows, "total": total, "offset": start, "limit": size, "has_more": has_more})


@router.post("/{call_id:id}/undo/", response_model=schemas.UndoneCall)
async def undo_call(caller: LoggedIn, log: Log, call_id: int) -> Json:
    """Take a call back. 404 for an unknown one, 409 `{"detail"}` with the reason when that is not possible: it was
    final, was taken back before, or what it was about changed since."""
    token = current_caller.set(caller)
    try:
        tool = await log.undo(caller.user_id, call_id)
    finally:
        current_caller.reset(token)
    return Json({"id": call_id, "tool": tool, "undone": True})


@internal.get("/{user_id:id}/export")
async def export_user(log: Log, user_id: int) -> Json:
    """Everything this service keeps of a user: `{"service", "data": {"calls": [...]}, "files": []}`."""
    return Json({"service": "mcp", "data": {"calls": await log.everything(user_id)}, "files": []})


def _number(name: str, text: str, default: int | None) -> int | None:
    text = text.strip()
    if not text:
        return default
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 1000:
        raise BadRequest(f"{name}: {messages.NOT_INTEGER}")
    return max(-BIGINT_MAX, min(int(text), BIGINT_MAX))


def _word(name: str, text: str) -> str | None:
    if "\x00" in text:
        raise BadRequest(f"{name}: {messages.NUL_CHARACTER}")
    return text.strip() or None


def _moment(name: str, text: str) -> datetime | None:
    if not text.strip():
        return None
    at = parse_datetime(text.replace(" ", "+"))
    if at is None:
        raise BadRequest(f"{name}: {messages.BAD_DATETIME}")
    return at
