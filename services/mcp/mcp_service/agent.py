"""Who calls through MCP: a parameter of everything that is done on a user's behalf."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

from starlette.requests import Request

from mcp_service.upstream.client import UserServices
from notechondria_shared.auth import Caller

AGENT_KEY = "notechondria.agent"
"""The ASGI scope holds the agent under this key while the SDK handles the request."""


Toolset = Literal["profile", "notes", "courses", "planner", "log"]
TOOLSETS: tuple[Toolset, ...] = get_args(Toolset)
"""What a connection may ask for by name."""


@dataclass(frozen=True, slots=True)
class Selection:
    """The part of the tools that a connection asks for."""

    toolsets: frozenset[Toolset] | None = None
    """None: it names none, and gets all."""
    is_read_only: bool = False

    def offers(self, toolset: Toolset, *, reads_only: bool) -> bool:
        """Whether a tool is in the part."""
        return (self.toolsets is None or toolset in self.toolsets) and (reads_only or not self.is_read_only)


EVERYTHING = Selection()


@dataclass(frozen=True, slots=True)
class ClientName:
    """How a client names itself: its clientInfo where it sends one, else its User-Agent."""

    name: str
    version: str = ""
    text: str = ""
    """Both as one text, or the whole User-Agent."""


@dataclass(frozen=True, slots=True)
class Agent:
    """The client of one MCP request and the user it works for."""

    caller: Caller
    client: ClientName
    services: UserServices
    """The other services, called as this user."""
    is_plain: bool = True
    """A plain client of the contract (decision 60): it sees and gets what mcp §5 says, and nothing that came later."""

    selection: Selection = EVERYTHING

    @property
    def user_id(self) -> int:
        """The user's id."""
        return self.caller.user_id

    @property
    def may_write(self) -> bool:
        """False for a read-only key."""
        return "write" in self.caller.scopes

    @property
    def is_program(self) -> bool:
        """True for a program with an access token: its scopes say what it may do, and not whether it may write."""
        return self.caller.kind == "token"

    def may_use(self, *, reads_only: bool, needs: frozenset[str] | None) -> bool:
        """Whether a tool is for this agent. `needs`: the scopes that a program must have; None: no scope allows it."""
        if self.is_program:
            return needs is not None and needs <= set(self.caller.scopes)
        return reads_only or self.may_write


def agent_of(request: object) -> Agent:
    """The agent of the HTTP request that the SDK attaches to a message."""
    agent = request.scope.get(AGENT_KEY) if isinstance(request, Request) else None
    if not isinstance(agent, Agent):
        message = "the message did not come through the endpoint of this service"
        raise TypeError(message)
    return agent
