"""What identity offers the pages on which people sign in and keep their accounts."""

from __future__ import annotations

from pydantic import BaseModel

PEOPLE_PATH = "/internal/people"


class Visitor(BaseModel):
    """The browser that a form came from: the limits of guessing count its address."""

    user_agent: str
    address: str


class PersonSignIn(Visitor):
    """What was typed into the sign-in form."""

    identifier: str
    password: str


class PersonSession(BaseModel):
    """A session like any other. The token is shown once; only its digest is kept."""

    token: str
    session_id: int
    user_id: int


class OwnSession(BaseModel):
    """The session that a person is signed in with: an assertion does not name it."""

    session_id: int


class SignInOutcome(BaseModel):
    """A session."""

    session: PersonSession | None = None
