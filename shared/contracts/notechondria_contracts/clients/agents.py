"""The client of the identity service for what may act for a person: API keys and programs."""

from __future__ import annotations

from notechondria_contracts.clients.base import ServiceClient
from notechondria_contracts.internal.agents import (
    AGENTS_PATH,
    KeyChange,
    KeyMade,
    NewKey,
    OwnAgents,
    ProgramChange,
)
from notechondria_contracts.internal.people import OwnAction


class AgentsClient(ServiceClient):
    """Keys and programs, in the name of who is signed in."""

    service = "identity"

    async def agents(self, assertion: str) -> OwnAgents:
        """All of them."""
        return await self.call("GET", AGENTS_PATH, OwnAgents, assertion=assertion)

    async def make_key(self, form: NewKey, assertion: str) -> KeyMade:
        """A new key; refused with 400 by field, and with 403 until the person has confirmed in the session."""
        return await self.call("POST", f"{AGENTS_PATH}/keys", KeyMade, body=form, assertion=assertion)

    async def change_key(self, key_id: int, form: KeyChange, assertion: str) -> None:
        """Rename or narrow a key; refused with 400 by field, and with 404 when it is not the person's."""
        await self.send("POST", f"{AGENTS_PATH}/keys/{key_id}", body=form, assertion=assertion)

    async def revoke_key(self, key_id: int, form: OwnAction, assertion: str) -> None:
        """End a key at once; refused with 404 when it is not the person's."""
        await self.send("POST", f"{AGENTS_PATH}/keys/{key_id}/revoke", body=form, assertion=assertion)

    async def narrow_program(self, program_id: int, form: ProgramChange, assertion: str) -> None:
        """Take rights from a program; refused with 400 when nothing is left, and with 404 when it may do nothing."""
        await self.send("POST", f"{AGENTS_PATH}/programs/{program_id}", body=form, assertion=assertion)
