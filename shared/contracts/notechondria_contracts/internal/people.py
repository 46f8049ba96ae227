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


class ProviderOffer(BaseModel):
    """A provider that people may sign in with: where their browser is sent, and what for."""

    name: str
    authorize_url: str
    client_id: str
    redirect_uri: str
    scope: str


class SiteOffer(BaseModel):
    """What the sign-in and sign-up pages offer."""

    invitation_needed: bool
    providers: list[ProviderOffer]


class NewPerson(Visitor):
    """What was typed into the sign-up form."""

    username: str
    email: str
    password: str
    invitation_code: str


class AddressForm(Visitor):
    """An address that a code is to be mailed to."""

    email: str


class MailedCode(Visitor):
    """An address, and the code that was mailed there."""

    email: str
    code: str


class NewPassword(MailedCode):
    """A password in the place of a forgotten one."""

    password: str


class Delivery(BaseModel):
    """What became of a mail."""

    sent: bool


class ProviderAnswer(Visitor):
    """What a provider sent the browser back with; `intent` is `login` or `register`."""

    provider: str
    code: str
    redirect_uri: str
    intent: str
    invitation_code: str


class AppRequest(BaseModel):
    """The page of an app that wants its person signed in."""

    redirect_uri: str


class AppOrigin(BaseModel):
    """Its origin, which is one of those that this server serves."""

    origin: str


class AppCodeRequest(AppRequest):
    """The same, in the session that a person is signed in with."""

    session_id: int


class AppCodeMade(AppOrigin):
    """A code with which the app gets a session of its own."""

    code: str
