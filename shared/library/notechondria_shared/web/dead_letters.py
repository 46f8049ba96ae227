"""The dead letters of a service on the administration site; the site shows those of all services as one list."""

from __future__ import annotations

from dataclasses import replace

from fastapi import Request

from notechondria_contracts.admin import AdminAction, AdminColumn, AdminResource
from notechondria_shared.auth.state import state_of
from notechondria_shared.core.errors import Conflict, NotFound
from notechondria_shared.messaging import dead_letters
from notechondria_shared.messaging.dead_letters import DeadLetterRow
from notechondria_shared.messaging.tables import EventTables
from notechondria_shared.web.admin import AdminTable
from notechondria_shared.web.state import ServiceState

UNKNOWN = "It is not there (any more)."
_LONGEST = 500
_RESOURCE = AdminResource(
    name="dead-letters",
    title="Dead letters",
    noun="dead letter",
    position=80,
    columns=[
        AdminColumn(key="id", title="Id", kind="id"),
        AdminColumn(key="consumer", title="Service"),
        AdminColumn(key="subject", title="Event"),
        AdminColumn(key="error", title="Error"),
        AdminColumn(key="attempts", title="Tries"),
        AdminColumn(key="failed_at", title="Given up", kind="timestamp"),
        AdminColumn(key="replayed_at", title="Replayed", kind="timestamp"),
        AdminColumn(key="event_id", title="Event id", wide=True),
    ],
    searched="event, error or event id",
    hint="Events that a service could not take, after all its tries.",
    of_users=False,
    label="subject",
    joined=True,
)
_REPLAY = AdminAction(name="replay", label="Replay", done="The event went through.")
_DISCARD = AdminAction(
    name="discard",
    label="Discard",
    done="The dead letter is gone.",
    question="The event will not be tried again: what it says is lost to this service.",
    gone=True,
)


def _short(letter: DeadLetterRow) -> DeadLetterRow:
    return replace(letter, error=letter.error[:_LONGEST])


class _Actions:
    """What can be done to the letters of a service."""

    def __init__(self, tables: EventTables) -> None:
        self._tables = tables

    async def replay(self, request: Request, key: int) -> None:
        """Hand a letter to its consumer again; 409 with the error when it fails once more."""
        state = state_of(request.app, ServiceState)
        outcome = await dead_letters.replay(state.database, self._tables, state.handlers, key)
        if outcome is None:
            raise NotFound(UNKNOWN)
        if outcome:
            raise Conflict(f"It failed again: {outcome[:_LONGEST]}")

    async def discard(self, request: Request, key: int) -> None:
        """Forget a letter."""
        state = state_of(request.app, ServiceState)
        if not await dead_letters.discard(state.database, self._tables, key):
            raise NotFound(UNKNOWN)


def dead_letter_table(tables: EventTables) -> AdminTable[DeadLetterRow]:
    """The list of a service with its two actions."""
    table = AdminTable(_RESOURCE, dead_letters.letter_list(tables), unknown=UNKNOWN, order_by="failed_at", shown=_short)
    actions = _Actions(tables)
    table.action(_REPLAY, offered=lambda row: row.replayed_at is None)(actions.replay)
    table.action(_DISCARD)(actions.discard)
    return table
