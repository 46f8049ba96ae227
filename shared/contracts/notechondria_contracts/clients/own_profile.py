"""The client of the identity service for who a person is here."""

from __future__ import annotations

from typing import IO

from notechondria_contracts.clients.base import ServiceClient
from notechondria_contracts.internal.own_profile import (
    LINKS_PATH,
    PROFILE_PATH,
    AddressAsked,
    AddressCode,
    Farewell,
    NewAddress,
    OwnProfile,
    ProfileChange,
    ProviderLink,
    SettingsKept,
    ZoneChange,
)
from notechondria_contracts.internal.people import OwnAction

SETTINGS = "/api/v1/settings/"


class OwnProfileClient(ServiceClient):
    """Names, picture, address and the end of an account, in the name of who is signed in."""

    service = "identity"

    async def profile(self, assertion: str) -> OwnProfile:
        """All of it."""
        return await self.call("GET", PROFILE_PATH, OwnProfile, assertion=assertion)

    async def change(self, form: ProfileChange, assertion: str) -> None:
        """Change it; refused with 400 by field."""
        await self.call("PATCH", SETTINGS, SettingsKept, body=form, assertion=assertion)

    async def set_zone(self, zone: str, assertion: str) -> None:
        """The person's time zone; refused with 400 when it is none."""
        await self.call("PATCH", SETTINGS, SettingsKept, body=ZoneChange(timezone=zone), assertion=assertion)

    async def set_picture(self, name: str, content: IO[bytes], media_type: str, assertion: str) -> None:
        """Another profile picture; refused with 400 `avatar`."""
        files = [("avatar", (name, content, media_type))]
        await self.upload(SETTINGS, SettingsKept, files, assertion=assertion, method="PATCH")

    async def begin_address(self, form: NewAddress, assertion: str) -> AddressAsked:
        """Mail a code to the new address; refused with 400 by field, and with 403 until the person has confirmed."""
        return await self.call("POST", f"{PROFILE_PATH}/address", AddressAsked, body=form, assertion=assertion)

    async def confirm_address(self, form: AddressCode, assertion: str) -> None:
        """It is the account's address; refused with 400 when the code is wrong."""
        await self.send("POST", f"{PROFILE_PATH}/address/confirm", body=form, assertion=assertion)

    async def link(self, form: ProviderLink, assertion: str) -> None:
        """Link a provider's account; refused with 400, 409, and 403 until the person has confirmed."""
        await self.send("POST", LINKS_PATH, body=form, assertion=assertion)

    async def unlink(self, provider: str, form: OwnAction, assertion: str) -> None:
        """End a link; refused with 404 when there is none, and with 400 when it is the only way in."""
        await self.send("POST", f"{LINKS_PATH}/{provider}/unlink", body=form, assertion=assertion)

    async def delete_account(self, form: Farewell, assertion: str) -> None:
        """The account ends, with everything of it in every service; refused with 400 and 403."""
        await self.send("POST", f"{PROFILE_PATH}/delete", body=form, assertion=assertion)
