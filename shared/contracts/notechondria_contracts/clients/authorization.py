"""The client of identity for the consent page and the list of connected programs."""

from __future__ import annotations

from collections.abc import Iterable

from notechondria_contracts.clients.base import ServiceClient
from notechondria_contracts.internal.authorization import (
    AUTHORIZATION_PATH,
    Approval,
    AuthorizationAnswer,
    AuthorizationQuery,
    ConnectedProgram,
    ConnectedPrograms,
    ConsentNeeded,
    SendBack,
    Unproven,
)
from notechondria_contracts.internal.people import Visitor

Answer = ConsentNeeded | SendBack | Unproven


class AuthorizationClient(ServiceClient):
    """Authorization requests and connected programs, in the name of a person: each call carries their assertion."""

    service = "identity"

    async def check(self, query: str, assertion: str) -> Answer:
        """Whether the person is to be asked, and about what."""
        return await self._post("check", AuthorizationQuery(query=query), assertion)

    async def approve(self, query: str, scopes: Iterable[str], days: int, visitor: Visitor, assertion: str) -> Answer:
        """The person allows these scopes for so many days: back to the program with a code."""
        body = Approval(query=query, scopes=list(scopes), days=days, **visitor.model_dump())
        return await self._post("approve", body, assertion)

    async def refuse(self, query: str, assertion: str) -> Answer:
        """The person says no: back to the program with `access_denied`."""
        return await self._post("refuse", AuthorizationQuery(query=query), assertion)

    async def programs(self, assertion: str) -> list[ConnectedProgram]:
        """The programs that may act for the person."""
        path = f"{AUTHORIZATION_PATH}/programs"
        return (await self.call("GET", path, ConnectedPrograms, assertion=assertion)).programs

    async def disconnect(self, program_id: int, visitor: Visitor, assertion: str) -> None:
        """End everything that a program may do for the person; refused with 404 when it may do nothing."""
        path = f"{AUTHORIZATION_PATH}/programs/{program_id}"
        await self.send("DELETE", path, body=visitor, assertion=assertion)

    async def _post(self, step: str, body: AuthorizationQuery, assertion: str) -> Answer:
        path = f"{AUTHORIZATION_PATH}/{step}"
        return (await self.call("POST", path, AuthorizationAnswer, body=body, assertion=assertion)).answer
