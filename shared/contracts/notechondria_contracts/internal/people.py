"""What identity offers the pages on which people sign in and keep their accounts."""

from __future__ import annotations

from typing import Literal

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


class SecondStep(BaseModel):
    """The password was right, and the account asks for more: digits of an authenticator, a passkey, a recovery code."""

    ticket: str
    authenticator: bool
    passkey_options: str
    """What the browser is asked for a passkey, as JSON; "" where the account has none."""


class SignInOutcome(BaseModel):
    """A session, or what is still asked for."""

    session: PersonSession | None = None
    step: SecondStep | None = None


class StepTicket(BaseModel):
    """A second step that is under way."""

    ticket: str


class StepAnswer(Visitor):
    """What was shown as second factor: a code, or a passkey's answer as JSON."""

    ticket: str
    code: str
    passkey: str


class PasskeyBegun(BaseModel):
    """What the browser is asked for a passkey, as JSON, and the ticket with which its answer comes."""

    ticket: str
    options: str


class PasskeyAnswer(Visitor):
    """A passkey's answer, as JSON."""

    ticket: str
    answer: str


class OwnAction(Visitor):
    """Something that a person does to their own account, in the session that they are signed in with."""

    session_id: int


class ConfirmStep(BaseModel):
    """What is asked for before the security of an account is changed."""

    has_password: bool
    mailed_to: str
    """Where the account has no password: the masked address that a code is mailed to; "" when it has none."""
    step: SecondStep | None
    """What is asked for beside that; none where the account has no second factor."""


class Confirmation(OwnAction):
    """Password or mailed code, and the second factor."""

    password: str
    mailed_code: str
    ticket: str
    code: str
    passkey: str


class OwnPasskey(BaseModel):
    """A passkey of the account."""

    id: int
    name: str
    created_at: str
    last_used_at: str | None


class OwnAppPassword(OwnPasskey):
    """An app password of the account."""


class SecurityOverview(BaseModel):
    """What protects an account."""

    confirmed: bool
    """Whether password and second factor were entered lately in this session."""
    authenticator: bool
    passkeys: list[OwnPasskey]
    recovery_codes_left: int
    app_passwords: list[OwnAppPassword]
    new_devices_only: bool


class AuthenticatorBegun(BaseModel):
    """A secret for an authenticator app, and the address that says it in a QR code."""

    ticket: str
    secret: str
    address: str


class AuthenticatorCode(OwnAction):
    """The first digits of the new authenticator."""

    ticket: str
    code: str


class NewPasskey(OwnAction):
    """A new passkey's answer, as JSON, and what it is called."""

    ticket: str
    answer: str
    name: str


class RecoveryCodes(BaseModel):
    """New recovery codes, shown this once; none where the account has its codes already."""

    codes: list[str]


class NamedThing(OwnAction):
    """The name of an app password to be made."""

    name: str


class AppPasswordMade(BaseModel):
    """A new app password, shown this once."""

    password: str


class OwnPassword(OwnAction):
    """A new password, and whether API keys and app passwords end too."""

    password: str
    end_keys: bool


class NoticeChoice(OwnAction):
    """Whether only new devices are mailed, besides changes of password and address."""

    new_devices_only: bool


class SecurityEventRow(BaseModel):
    """A line of the security log."""

    id: int
    kind: str
    method: str
    detail: str
    device_label: str
    network: str
    at: str


class SecurityLogPage(BaseModel):
    """Lines of the security log, the newest first, and whether there are older ones."""

    events: list[SecurityEventRow]
    more: bool


class OwnDevice(BaseModel):
    """A session as its owner sees it."""

    id: int
    device_label: str
    network: str
    """The address that it was made from, without its last part; "" where that is not known."""
    created_at: str
    last_seen_at: str


class OwnDevices(BaseModel):
    """Where an account is signed in."""

    sessions: list[OwnDevice]


class ConfirmationRefusal(BaseModel):
    """The body of a 403 that asks for password and second factor first."""

    detail: str
    code: Literal["confirmation_needed"]


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
    registration_closed: bool = False
    """Nobody registers here (decision 61)."""
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
