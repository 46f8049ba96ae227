"""What identity offers the pages on which people see and change what may act for them: API keys and programs."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from notechondria_contracts.internal.authorization import ConnectedProgram
from notechondria_contracts.internal.people import OwnAction, Visitor

AGENTS_PATH = "/internal/people/agents"


class OwnKey(BaseModel):
    """An API key that was not revoked."""

    id: int
    name: str
    prefix: str
    scopes: list[str]
    created_at: str
    expires_at: str | None
    is_expired: bool
    last_used_at: str | None


class OwnAgents(BaseModel):
    """The keys, newest first, and programs of a person; and the names of those that ended, for the agents' log."""

    keys: list[OwnKey]
    programs: list[ConnectedProgram]
    ended_keys: dict[int, str]
    ended_connections: dict[int, str]


class NewKey(OwnAction):
    """A key to be made; the rules of its fields are those of `POST /auth/api-keys/`."""

    name: str
    scopes: list[str]
    days: Annotated[int, Field(ge=0, le=3650)]
    """How long it counts; 0 for until it is revoked."""


class KeyMade(BaseModel):
    """A new key, shown this once."""

    name: str
    key: str


class KeyChange(OwnAction):
    """What a key is called, and what it may do from now on: never more than before."""

    name: str
    scopes: list[str]


class ProgramChange(Visitor):
    """What a program may do from now on: never more than before."""

    scopes: Annotated[list[str], Field(max_length=20)]
