"""What every tool call has in common: the key's scope, the form of arguments, the time limit, error texts, the log."""

from __future__ import annotations

import asyncio
import logging
import time
from datetime import datetime
from typing import Protocol

from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp_types import InputRequiredResult
from pydantic import JsonValue, ValidationError

from mcp_service.calls.clipping import clipped, shortened
from mcp_service.calls.writer import CallEntry, CallWriter
from mcp_service.names import PROCESS
from mcp_service.tools.advice import with_advice
from mcp_service.tools.context import ToolCall
from mcp_service.tools.course_titles import with_course_ids
from mcp_service.tools.registry import ProductTool, ToolOutcome
from mcp_service.tools.unknown_arguments import refuse_unknown
from mcp_service.tools.words import in_words
from notechondria_shared.core.timestamps import now

logger = logging.getLogger("notechondria.tools")
READ_ONLY = "Forbidden: this API key may only read; nothing was changed."
NOT_ALLOWED = "Forbidden: the user did not allow this program to do that; nothing was changed."
NOT_OFFERED = (
    "NotOffered: this connection was set up without this tool (its toolsets, or read-only); nothing was changed. "
    "Use the tools of tools/list, or ask the user to change the connection."
)
SHARE = 0.55
"""Of the time of a tool, after which one that changes many things begins no further one."""
UNDO_LIMIT = 1024 * 1024
"""Bytes of previous values that are kept with a call."""


class ToolRunner(Protocol):
    """Runs tools of the product."""

    async def run(self, tool: ProductTool, arguments: dict[str, JsonValue], call: ToolCall) -> ToolOutcome:
        """The tool's result; `ToolError` when it failed."""
        ...


class ToolExecutor:
    """Runs tools of the product."""

    def __init__(self, writer: CallWriter, seconds: float) -> None:
        self._writer, self._seconds = writer, seconds

    async def run(self, tool: ProductTool, arguments: dict[str, JsonValue], call: ToolCall) -> ToolOutcome:
        """The tool's result; `ToolError` with the tool's name, the kind of error and its cause when it failed."""
        began, at = time.monotonic(), now()
        error = ""
        try:
            result = await self._attempt(tool, arguments, call)
            if isinstance(result, InputRequiredResult):
                return result  # a question to the user; the call comes again with the answer
        except ToolError as failure:
            error = str(failure)
            if not call.is_plain:
                error = with_advice(error, tool, [*arguments])
            await self._log(tool, arguments, call, error, began, at)
            raise ToolError(f"Tool failed: {PROCESS}/tools.call.{tool.name} — {error}") from failure.__cause__
        await self._log(tool, arguments, call, error, began, at)
        return result

    async def _attempt(self, tool: ProductTool, arguments: dict[str, JsonValue], call: ToolCall) -> ToolOutcome:
        if not call.agent.may_use(reads_only=tool.reads_only, needs=tool.needs):
            raise ToolError(NOT_ALLOWED if call.agent.is_program else READ_ONLY)
        if not call.agent.selection.offers(tool.toolset, reads_only=tool.reads_only):
            raise ToolError(NOT_OFFERED)
        # Agents send null for what they leave out; only where null is a value does it reach the tool.
        sent = {name: value for name, value in arguments.items() if value is not None or tool.takes_null(name)}
        if not tool.is_plain or tool.added_arguments & sent.keys():
            call.takes_later_form()
        if sent.get("format") == "full":
            call.takes_whole_form()
        if not call.is_plain:
            refuse_unknown(tool.name, tool.arguments, arguments)
        call.begins(self._seconds * SHARE)
        try:
            async with asyncio.timeout(self._seconds):
                return tool.as_result(await tool.run(await with_course_ids(call, sent), call), whole=call.is_whole)
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
        self,
        tool: ProductTool,
        arguments: dict[str, JsonValue],
        call: ToolCall,
        error: str,
        began: float,
        at: datetime,
    ) -> None:
        journal = call.journal
        undo = None
        reason = "The call failed; nothing was changed." if error else journal.final
        if not error and journal.undo is not None:
            if len(journal.undo.model_dump_json()) > UNDO_LIMIT:
                reason = "What was there before is too large to be kept with the call."
            else:
                undo = journal.undo.model_dump(mode="json", exclude_none=True)
        logged = clipped(arguments)
        entry = CallEntry(
            user_id=call.agent.user_id,
            key_id=None if call.agent.is_program else call.agent.caller.credential_id,
            program_id=call.agent.caller.credential_id if call.agent.is_program else None,
            client=shortened(call.agent.client.text, 200),
            client_name=shortened(call.agent.client.name, 100),
            client_version=shortened(call.agent.client.version, 50),
            tool=tool.name,
            summary=in_words(tool.title or tool.name, logged, journal.names),
            is_change=not tool.reads_only,
            arguments=logged,
            outcome="error" if error else "ok",
            error=shortened(error, 500),
            duration_ms=round((time.monotonic() - began) * 1000),
            touched=journal.touched,
            undo=undo,
            final_reason="" if undo is not None else shortened(reason, 200),
            called_at=at,
        )
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
