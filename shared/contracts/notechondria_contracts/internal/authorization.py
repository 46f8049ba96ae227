"""What identity answers the consent page about programs that ask for access (RFC 6749 §4.1)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from notechondria_contracts.internal.people import Visitor

AUTHORIZATION_PATH = "/internal/authorization"
Origin = Literal["document", "registered", "staff"]
"""How a program is known: by the document at its own address, because it registered itself, or by the staff."""
DAYS = (1, 30, 90)
"""For how many days access may be approved. The last is the longest that any access lasts."""


class Program(BaseModel):
    """A program as a person is shown it. Everything but `host` and the redirect is the program's own word."""

    id: int
    name: str
    """Empty when the program gave none."""
    host: str
    """The host that vouches for the program; empty for one that registered itself."""
    origin: Origin


class Scope(BaseModel):
    """A scope and what it means in plain words."""

    name: str
    words: str


class AuthorizationQuery(BaseModel):
    """The query of a request to `/oauth/authorize`, as the browser sent it."""

    query: Annotated[str, Field(max_length=8192)]


class ConsentNeeded(BaseModel):
    """Program and redirect are proven: the person is asked."""

    kind: Literal["ask"] = "ask"
    program: Program
    redirect_host: str
    """Where the answer goes: a host, or the scheme of an app on the person's machine."""
    redirect_source: str
    """The same as a source of a Content-Security-Policy (`form-action`)."""
    is_local: bool
    """The answer goes to a program on the person's own machine, whichever that is."""
    scopes: list[Scope]
    held: list[str]
    """What the person allowed this program before, and still holds."""
    never: list[str]
    days: list[int]


class SendBack(BaseModel):
    """The browser goes to this address: with a code, or with an error that the program may read."""

    kind: Literal["redirect"] = "redirect"
    url: str


class Unproven(BaseModel):
    """Nothing is redirected: it is not sure who asks. The text is for the person."""

    kind: Literal["refused"] = "refused"
    text: str


class AuthorizationAnswer(BaseModel):
    """What to do with an authorization request."""

    answer: Annotated[ConsentNeeded | SendBack | Unproven, Field(discriminator="kind")]


class Approval(AuthorizationQuery, Visitor):
    """The person said yes, in this browser."""

    scopes: Annotated[list[str], Field(max_length=20)]
    days: int


class ConnectedProgram(BaseModel):
    """A program that may act for the person, over all its connections."""

    id: int
    name: str
    host: str
    origin: Origin
    scopes: list[str]
    connection_ids: list[int]
    """Each time the person allowed it; the agents' log names them as `program_id`."""
    created_at: str
    last_used_at: str | None
    expires_at: str


class ConnectedPrograms(BaseModel):
    """The programs that may act for a person, the one used last first."""

    programs: list[ConnectedProgram]
