"""What surrounds every tool call: the key's scope, the form of arguments, the time limit, error texts, the log."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Protocol

from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp_types import CallToolResult, InputRequiredResult
from pydantic import ValidationError

from mcp_service.calls.clipping import clipped, shortened
from mcp_service.calls.journal import Journal, current_journal
from mcp_service.calls.writer import CallWriter
from mcp_service.door.caller import current_caller, current_client, may_write
from mcp_service.door.envelope import PROCESS
from mcp_service.tools.registry import ProductTool, as_result
from notechondria_shared.core.timestamps import now

logger = logging.getLogger("notechondria.tools")
READ_ONLY = "Forbidden: this API key may only read; nothing was changed."
UNDO_LIMIT = 1024 * 1024
"""Bytes of previous values that are kept with a call."""


class ToolRunner(Protocol):
    """Runs tools of the product."""

    async def run(
        self, tool: ProductTool, arguments: dict[str, Any], context: Context[Any, Any]
    ) -> CallToolResult | InputRequiredResult:
        """The tool's result; `ToolError` when it failed."""
        ...


class ToolExecutor:
    """Runs tools of the product."""

    def __init__(self, writer: CallWriter, seconds: float) -> None:
        self._writer, self._seconds = writer, seconds

    async def run(
        self, tool: ProductTool, arguments: dict[str, Any], context: Context[Any, Any]
    ) -> CallToolResult | InputRequiredResult:
        """The tool's result; `ToolError` with the tool's name, the kind of error and its cause when it failed."""
        notes, began, at = Journal(), time.monotonic(), now()
        token = current_journal.set(notes)
        error = ""
        try:
            result = await self._attempt(tool, arguments, context)
            if isinstance(result, InputRequiredResult):
                return result  # a question to the user; the call comes again with the answer
        except ToolError as failure:
            error = str(failure)
            await self._log(tool, arguments, notes, error, began, at)
            raise ToolError(f"Tool failed: {PROCESS}/tools.call.{tool.name} — {error}") from failure.__cause__
        finally:
            current_journal.reset(token)
        await self._log(tool, arguments, notes, error, began, at)
        return result

    async def _attempt(
        self, tool: ProductTool, arguments: dict[str, Any], context: Context[Any, Any]
    ) -> CallToolResult | InputRequiredResult:
        if not tool.reads_only and not may_write():
            raise ToolError(READ_ONLY)
        # Agents send null for what they leave out; only where null is a value does it reach the tool.
        sent = {name: value for name, value in arguments.items() if value is not None or tool.takes_null(name)}
        try:
            async with asyncio.timeout(self._seconds):
                return as_result(await tool.run(sent, context))
        except TimeoutError:
            message = f"Timeout: no answer within {self._seconds:g} s" + (
                "." if tool.reads_only else "; whether the change was made is not known: look before you try again."
            )
            raise ToolError(message) from None
        except UnexpectedToolError as crash:
            logger.exception("tool %s crashed", tool.name)
            message = "Internal: something went wrong on our side; it has been logged."
            raise ToolError(message) from crash.__cause__
        except ToolError as failure:
            raise ToolError(_words(failure)) from failure.__cause__

    async def _log(
        self, tool: ProductTool, arguments: dict[str, Any], notes: Journal, error: str, began: float, at: Any
    ) -> None:
        caller = current_caller.get()
        undo = None if error or notes.undo is None else notes.undo.model_dump(mode="json", exclude_none=True)
        reason = "The call failed; nothing was changed." if error else notes.final
        if undo is not None and len(notes.undo.model_dump_json()) > UNDO_LIMIT:  # type: ignore[union-attr]
            undo, reason = None, "What was there before is too large to be kept with the call."
        entry = {
            "user_id": caller.user_id,
            "key_id": caller.credential_id,
            "client": shortened(current_client.get(), 200),
            "tool": tool.name,
            "is_change": not tool.reads_only,
            "arguments": clipped(arguments),
            "outcome": "error" if error else "ok",
            "error": shortened(error, 500),
            "duration_ms": round((time.monotonic() - began) * 1000),
            "touched": notes.touched,
            "undo": undo,
            "final_reason": "" if undo is not None else shortened(reason, 200),
            "called_at": at,
        }
        if tool.reads_only:
            self._writer.later(entry)
        else:
            await self._writer.store(entry)


def _words(failure: ToolError) -> str:
    """The kind of error and its cause; for arguments, the field and what is wrong with it."""
    if isinstance(failure.__cause__, ValidationError):
        problems = "; ".join(
            f"{'.'.join(map(str, problem['loc']))}: {problem['msg'].removeprefix('Value error, ')}"
            for problem in failure.__cause__.errors()
        )
        return f"BadArgument: {problems}"
    if isinstance(failure.__cause__, ToolError):
        return str(failure.__cause__)
    return str(failure)
