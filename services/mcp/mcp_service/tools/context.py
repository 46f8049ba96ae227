"""The call of a tool, as the tool sees it."""

from __future__ import annotations

import asyncio

from mcp.server.mcpserver import Context, MCPServer

from mcp_service.agent import Agent
from mcp_service.calls.journal import Journal
from mcp_service.upstream.client import UserClient, UserServices

AnyContext = Context[object, object]


class ToolCall(AnyContext):
    """The SDK's context with the agent that calls and the journal of the call. Tools take it as their first parameter;
    no argument of an agent can fill it."""

    def __init__(
        self, agent: Agent, server: MCPServer[object] | None = None, context: AnyContext | None = None
    ) -> None:
        if context is None:
            super().__init__(mcp_server=server)
        else:
            super().__init__(
                request_context=context._request_context,  # noqa: SLF001 - the SDK has no public copy
                mcp_server=context._mcp_server,  # noqa: SLF001
                input_params=context._input_params,  # noqa: SLF001
                subscriptions=context._subscriptions,  # noqa: SLF001
            )
        # Declared here, not in the class: pydantic's private attributes cost 1.3 microseconds at each look, and there
        # are a dozen in a call.
        self._agent: Agent = agent
        self._journal: Journal = Journal()
        self._is_plain: bool = agent.is_plain
        self._is_whole: bool = False
        self._deadline: float = 0.0

    @property
    def is_plain(self) -> bool:
        """True when the answer is the contract's, whole and without anything that came later (decision 60)."""
        return self._is_plain

    @property
    def is_whole(self) -> bool:
        """True when the answer has everything and is not cut: for plain clients, and where `format` is `full`."""
        return self._is_plain or self._is_whole

    def begins(self, seconds: float) -> None:
        """The tool has so many seconds from now on."""
        self._deadline = asyncio.get_running_loop().time() + seconds

    @property
    def has_time(self) -> bool:
        """Whether a tool that does one thing after the other may begin the next: what was done must still be logged."""
        return asyncio.get_running_loop().time() < self._deadline

    def takes_later_form(self) -> None:
        """Answer this call of a plain client as a newer client's: it uses what the contract does not have."""
        self._is_plain = False

    def takes_whole_form(self) -> None:
        """Answer everything, as the contract has it."""
        self._is_whole = True

    @property
    def agent(self) -> Agent:
        """Who calls."""
        return self._agent

    @property
    def journal(self) -> Journal:
        """What the agents' log stores of the call."""
        return self._journal

    @property
    def services(self) -> UserServices:
        """The other services, called as the user."""
        return self._agent.services

    @property
    def identity(self) -> UserClient:
        """identity, called as the user."""
        return self.services.identity

    @property
    def notes(self) -> UserClient:
        """notes, called as the user."""
        return self.services.notes

    @property
    def planner(self) -> UserClient:
        """planner, called as the user."""
        return self.services.planner
