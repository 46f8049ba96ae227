"""What identity offers the administration site: signing in, the record of what staff does, names of accounts."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

STAFF_PATH = "/internal/staff"
BEGUN = "begun"
"""The outcome of an action until it is settled; one that stays so was cut off, and may or may not have happened."""


class StaffSignIn(BaseModel):
    """What was typed into the form, and the browser it came from: the limits of guessing count its address."""

    identifier: str
    password: str
    user_agent: str
    address: str
    code: str = ""
    """Of the second factor, where the account asks for one: an authenticator's digits or a recovery code."""


class StaffSession(BaseModel):
    """A session like any other. The token is shown once; only its digest is kept."""

    token: str
    session_id: int
    user_id: int


class StaffPassword(BaseModel):
    """The password that a signed-in member of staff entered again, and the browser it came from."""

    session_id: int
    password: str
    user_agent: str
    address: str


class EndStaffSession(BaseModel):
    """The session that the member of staff is signed in with."""

    session_id: int


class NewStaffAction(BaseModel):
    """Something that a member of staff is about to do: the action, and the object as the site calls it (`notes/55`)."""

    action: Annotated[str, Field(max_length=80)]
    object: Annotated[str, Field(max_length=120)]


class StaffActionBegun(BaseModel):
    """The record of it."""

    id: int


class StaffActionOutcome(BaseModel):
    """How it ended: `done`, `refused <status>` or `service away`; and the object, where it was made only now."""

    outcome: Annotated[str, Field(max_length=40)]
    object: Annotated[str | None, Field(max_length=120)] = None


class AccountIds(BaseModel):
    """Accounts to name."""

    ids: Annotated[list[int], Field(max_length=1000)]


class AccountNames(BaseModel):
    """The user name of each account that is there."""

    names: dict[int, str]


class AccountMatch(BaseModel):
    """The account of a name, address or id; null when there is none."""

    id: int | None
