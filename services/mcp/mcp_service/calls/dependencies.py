"""What endpoints of the agents' log take from the running service."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from mcp_service.calls.runs import UndoRuns
from mcp_service.calls.service import CallLog
from mcp_service.calls.state import CallLogState
from mcp_service.upstream.client import UserServices
from notechondria_shared.auth import LoggedIn
from notechondria_shared.auth.state import state_of


async def _log(request: Request) -> CallLog:
    return state_of(request.app, CallLogState).call_log


async def _runs(request: Request) -> UndoRuns:
    return state_of(request.app, CallLogState).undo_runs


async def _user_services(request: Request, caller: LoggedIn) -> UserServices:
    return state_of(request.app, CallLogState).services.as_user(caller.assertions)


Log = Annotated[CallLog, Depends(_log)]
Runs = Annotated[UndoRuns, Depends(_runs)]
OtherServices = Annotated[UserServices, Depends(_user_services)]
"""The other services, called as the caller."""
