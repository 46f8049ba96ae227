"""The client of the identity service for the pages on which people sign in and keep their accounts."""

from __future__ import annotations

from notechondria_contracts.clients.base import ServiceClient
from notechondria_contracts.internal.people import (
    PEOPLE_PATH,
    AddressForm,
    AppCodeMade,
    AppCodeRequest,
    AppOrigin,
    AppRequest,
    Delivery,
    MailedCode,
    NewPassword,
    NewPerson,
    OwnSession,
    PasskeyAnswer,
    PasskeyBegun,
    PersonSignIn,
    ProviderAnswer,
    SecondStep,
    SignInOutcome,
    SiteOffer,
    StepAnswer,
    StepTicket,
    Visitor,
)


class PeopleClient(ServiceClient):
    """Signing in and out, and what people change of their own accounts. Refusals are those of the public endpoints."""

    service = "identity"

    async def offer(self) -> SiteOffer:
        """What the sign-in and sign-up pages offer."""
        return await self.call("GET", f"{PEOPLE_PATH}/offer", SiteOffer)

    async def sign_in(self, form: PersonSignIn) -> SignInOutcome:
        """A new session; refused with 400 and 429 as `POST /api/v1/auth/login/`."""
        return await self.call("POST", f"{PEOPLE_PATH}/sign-in", SignInOutcome, body=form)

    async def sign_out(self, session_id: int, assertion: str) -> None:
        """End the session."""
        await self.send("POST", f"{PEOPLE_PATH}/sign-out", body=OwnSession(session_id=session_id), assertion=assertion)

    async def sign_up(self, form: NewPerson) -> Delivery:
        """Note a registration down and mail its code; refused with 400 by field and 429."""
        return await self.call("POST", f"{PEOPLE_PATH}/sign-up", Delivery, body=form)

    async def verify(self, form: MailedCode) -> SignInOutcome:
        """Make the account that the code was mailed for, and a session of it; refused with 400 and 429."""
        return await self.call("POST", f"{PEOPLE_PATH}/verify", SignInOutcome, body=form)

    async def resend(self, form: AddressForm) -> Delivery:
        """Mail a new code for the newest registration of an address; refused with 400 and 429."""
        return await self.call("POST", f"{PEOPLE_PATH}/resend", Delivery, body=form)

    async def forgotten(self, form: AddressForm) -> None:
        """Mail a code to set a new password with, if there is such an account: the answer does not say so."""
        await self.send("POST", f"{PEOPLE_PATH}/forgotten", body=form)

    async def reset(self, form: NewPassword) -> None:
        """Set a new password with the mailed code; refused with 400 by field and 429."""
        await self.send("POST", f"{PEOPLE_PATH}/reset", body=form)

    async def provider(self, form: ProviderAnswer) -> SignInOutcome:
        """Sign in or up with what a provider said; refused with 400, and 404 when nobody is linked to it."""
        return await self.call("POST", f"{PEOPLE_PATH}/provider", SignInOutcome, body=form)

    async def app_origin(self, form: AppRequest) -> AppOrigin:
        """The origin of an app's page; refused with 400 when it is none that this server serves."""
        return await self.call("POST", f"{PEOPLE_PATH}/app-origin", AppOrigin, body=form)

    async def app_code(self, form: AppCodeRequest, assertion: str) -> AppCodeMade:
        """A code for an app's page; refused with 400 as `app_origin`."""
        return await self.call("POST", f"{PEOPLE_PATH}/app-code", AppCodeMade, body=form, assertion=assertion)

    async def step(self, form: StepTicket) -> SecondStep:
        """The second step again, after a refusal; refused with 400 when it is over."""
        return await self.call("POST", f"{PEOPLE_PATH}/step", SecondStep, body=form)

    async def second_step(self, form: StepAnswer) -> SignInOutcome:
        """A session for the second factor; refused with 400 and 429."""
        return await self.call("POST", f"{PEOPLE_PATH}/second-step", SignInOutcome, body=form)

    async def begin_passkey(self, form: Visitor) -> PasskeyBegun:
        """Ask for any passkey of this site; refused with 429."""
        return await self.call("POST", f"{PEOPLE_PATH}/passkey", PasskeyBegun, body=form)

    async def finish_passkey(self, form: PasskeyAnswer) -> SignInOutcome:
        """A session for a passkey; refused with 400."""
        return await self.call("POST", f"{PEOPLE_PATH}/passkey/finish", SignInOutcome, body=form)
