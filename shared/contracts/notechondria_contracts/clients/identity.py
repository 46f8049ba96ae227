"""The client of the identity service."""

from __future__ import annotations

from collections.abc import Iterable

from notechondria_contracts.clients.base import ServiceClient
from notechondria_contracts.internal.identity import ACCOUNT_PATH, FIRST_SUPERUSER_PATH, Account, MaybeAccount
from notechondria_contracts.internal.staff import (
    STAFF_PATH,
    AccountIds,
    AccountMatch,
    AccountNames,
    EndStaffSession,
    NewStaffAction,
    StaffActionBegun,
    StaffActionOutcome,
    StaffPassword,
    StaffSession,
    StaffSignIn,
)


class IdentityClient(ServiceClient):
    """Accounts and staff."""

    service = "identity"

    async def first_superuser(self) -> Account | None:
        """The superuser with the lowest id; None when there is none."""
        return (await self.call("GET", FIRST_SUPERUSER_PATH, MaybeAccount)).account

    async def account_named(self, username: str) -> Account | None:
        """The account with exactly this user name; None when there is none."""
        return (await self.call("GET", ACCOUNT_PATH, MaybeAccount, params={"username": username})).account

    async def staff_sign_in(self, form: StaffSignIn) -> StaffSession:
        """A new session; refused with 400 and 429 as `POST /api/v1/auth/login/`, with 403 for who is not staff."""
        return await self.call("POST", f"{STAFF_PATH}/sign-in", StaffSession, body=form)

    async def staff_sign_out(self, session_id: int, assertion: str) -> None:
        """End the session."""
        await self.send(
            "POST", f"{STAFF_PATH}/sign-out", body=EndStaffSession(session_id=session_id), assertion=assertion
        )

    async def confirm_staff_password(self, form: StaffPassword, assertion: str) -> None:
        """Enter the password again, for actions that need it; refused with 400 and 429 as signing in is."""
        await self.send("POST", f"{STAFF_PATH}/confirm-password", body=form, assertion=assertion)

    async def begin_staff_action(self, action: str, about: str, assertion: str) -> int:
        """Write down what a member of staff is about to do; the id of the record."""
        body = NewStaffAction(action=action, object=about)
        begun = await self.call("POST", f"{STAFF_PATH}/actions", StaffActionBegun, body=body, assertion=assertion)
        return begun.id

    async def settle_staff_action(self, action_id: int, outcome: str, about: str | None = None) -> None:
        """Write down how it ended."""
        body = StaffActionOutcome(outcome=outcome, object=about)
        await self.send("POST", f"{STAFF_PATH}/actions/{action_id}/settle", body=body)

    async def account_names(self, ids: Iterable[int]) -> dict[int, str]:
        """User names by id, of the accounts that are there."""
        unique = sorted(set(ids))
        if not unique:
            return {}
        answer = await self.call("POST", f"{STAFF_PATH}/account-names", AccountNames, body=AccountIds(ids=unique))
        return answer.names

    async def find_account(self, name: str) -> int | None:
        """The id of the account with this name, address or id."""
        answer = await self.call("GET", f"{STAFF_PATH}/account", AccountMatch, params={"name": name})
        return answer.id
