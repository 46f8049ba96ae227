"""The client of the identity service for the pages on which people sign in and keep their accounts."""

from __future__ import annotations

from notechondria_contracts.clients.base import ServiceClient
from notechondria_contracts.internal.people import PEOPLE_PATH, OwnSession, PersonSignIn, SignInOutcome


class PeopleClient(ServiceClient):
    """Signing in and out, and what people change of their own accounts. Refusals are those of the public endpoints."""

    service = "identity"

    async def sign_in(self, form: PersonSignIn) -> SignInOutcome:
        """A new session; refused with 400 and 429 as `POST /api/v1/auth/login/`."""
        return await self.call("POST", f"{PEOPLE_PATH}/sign-in", SignInOutcome, body=form)

    async def sign_out(self, session_id: int, assertion: str) -> None:
        """End the session."""
        await self.send("POST", f"{PEOPLE_PATH}/sign-out", body=OwnSession(session_id=session_id), assertion=assertion)
