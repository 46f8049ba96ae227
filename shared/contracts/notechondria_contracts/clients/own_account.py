"""The client of the identity service for what a signed-in person changes of what protects the account."""

from __future__ import annotations

from notechondria_contracts.clients.base import ServiceClient
from notechondria_contracts.internal.people import (
    PEOPLE_PATH,
    AppPasswordMade,
    AuthenticatorBegun,
    AuthenticatorCode,
    Confirmation,
    ConfirmStep,
    NamedThing,
    NewPasskey,
    NoticeChoice,
    OwnAction,
    OwnDevice,
    OwnDevices,
    OwnPassword,
    OwnSession,
    PasskeyBegun,
    PersonSession,
    RecoveryCodes,
    SecurityLogPage,
    SecurityOverview,
)

SESSIONS = "/api/v1/auth/sessions/"


class OwnAccountClient(ServiceClient):
    """Second factor, app passwords and security log, in the name of who is signed in.

    What changes something is refused with 403 and the code `confirmation_needed` until `confirm` was called in the
    session.
    """

    service = "identity"

    async def overview(self, form: OwnSession, assertion: str) -> SecurityOverview:
        """What protects the account."""
        return await self.call("POST", f"{PEOPLE_PATH}/security", SecurityOverview, body=form, assertion=assertion)

    async def log(self, before: int, assertion: str) -> SecurityLogPage:
        """Lines of the security log older than the one with this id; 0: the newest."""
        params = {"before": before}
        return await self.call("GET", f"{PEOPLE_PATH}/log", SecurityLogPage, params=params, assertion=assertion)

    async def begin_confirmation(self, form: OwnAction, assertion: str, *, mail: bool = False) -> ConfirmStep:
        """What `confirm` asks for; `mail`: where there is no password, mail the code that stands for it."""
        path = f"{PEOPLE_PATH}/confirm/{'mail' if mail else 'begin'}"
        return await self.call("POST", path, ConfirmStep, body=form, assertion=assertion)

    async def confirm(self, form: Confirmation, assertion: str) -> None:
        """Enter password and second factor; refused with 400 and 429."""
        await self.send("POST", f"{PEOPLE_PATH}/confirm", body=form, assertion=assertion)

    async def begin_authenticator(self, form: OwnAction, assertion: str) -> AuthenticatorBegun:
        """A secret for an authenticator app."""
        path = f"{PEOPLE_PATH}/authenticator/begin"
        return await self.call("POST", path, AuthenticatorBegun, body=form, assertion=assertion)

    async def finish_authenticator(self, form: AuthenticatorCode, assertion: str) -> RecoveryCodes:
        """The authenticator counts from now on; refused with 400 `code`."""
        path = f"{PEOPLE_PATH}/authenticator/finish"
        return await self.call("POST", path, RecoveryCodes, body=form, assertion=assertion)

    async def remove_authenticator(self, form: OwnAction, assertion: str) -> None:
        """It does not count any more."""
        await self.send("POST", f"{PEOPLE_PATH}/authenticator/remove", body=form, assertion=assertion)

    async def begin_new_passkey(self, form: OwnAction, assertion: str) -> PasskeyBegun:
        """What the browser is asked for a new passkey."""
        path = f"{PEOPLE_PATH}/passkeys/begin"
        return await self.call("POST", path, PasskeyBegun, body=form, assertion=assertion)

    async def finish_new_passkey(self, form: NewPasskey, assertion: str) -> RecoveryCodes:
        """The passkey counts from now on; refused with 400."""
        path = f"{PEOPLE_PATH}/passkeys/finish"
        return await self.call("POST", path, RecoveryCodes, body=form, assertion=assertion)

    async def remove_passkey(self, passkey_id: int, form: OwnAction, assertion: str) -> None:
        """It does not count any more; refused with 404 when it is not the person's."""
        await self.send("POST", f"{PEOPLE_PATH}/passkeys/{passkey_id}/remove", body=form, assertion=assertion)

    async def new_recovery_codes(self, form: OwnAction, assertion: str) -> RecoveryCodes:
        """Ten new ones; those before are void."""
        path = f"{PEOPLE_PATH}/recovery-codes"
        return await self.call("POST", path, RecoveryCodes, body=form, assertion=assertion)

    async def make_app_password(self, form: NamedThing, assertion: str) -> AppPasswordMade:
        """A new one; refused with 400."""
        path = f"{PEOPLE_PATH}/app-passwords"
        return await self.call("POST", path, AppPasswordMade, body=form, assertion=assertion)

    async def revoke_app_password(self, password_id: int, form: OwnAction, assertion: str) -> None:
        """It signs nobody in any more, and those it signed in are out; refused with 404 when it is not the person's."""
        await self.send("POST", f"{PEOPLE_PATH}/app-passwords/{password_id}/revoke", body=form, assertion=assertion)

    async def choose_notices(self, form: NoticeChoice, assertion: str) -> None:
        """Which mails are sent."""
        await self.send("POST", f"{PEOPLE_PATH}/notices", body=form, assertion=assertion)

    async def set_password(self, form: OwnPassword, assertion: str) -> PersonSession:
        """A new password: every session ends, and this is a new one; refused with 400 `password`."""
        return await self.call("POST", f"{PEOPLE_PATH}/password", PersonSession, body=form, assertion=assertion)

    async def devices(self, assertion: str) -> list[OwnDevice]:
        """Where the account is signed in, last seen first."""
        return (await self.call("GET", f"{PEOPLE_PATH}/devices", OwnDevices, assertion=assertion)).sessions

    async def end_device(self, session_id: int, assertion: str) -> None:
        """End a session; refused with 404 when it is not the person's."""
        await self.send("DELETE", f"{SESSIONS}{session_id}/", assertion=assertion)

    async def end_other_devices(self, form: OwnSession, assertion: str) -> None:
        """End all sessions but this one."""
        await self.send("POST", f"{PEOPLE_PATH}/devices/end-others", body=form, assertion=assertion)
