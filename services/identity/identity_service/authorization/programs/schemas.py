"""Connected programs as a person is shown them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, cast

from fastapi import Path

from identity_service.authorization.queries import ConnectionRow
from identity_service.authorization_models import DOCUMENT, OAuthClient
from notechondria_contracts.internal.authorization import ConnectedProgram, Origin, Program
from notechondria_contracts.scopes import normalized
from notechondria_shared.core.timestamps import iso_offset, iso_offset_or_none
from notechondria_shared.core.web_addresses import host_of

ProgramId = Annotated[int, Path(description="The id of a connected program.")]


def _host(client_id: str, origin: str) -> str:
    return host_of(client_id) if origin == DOCUMENT else ""


def program_of(client: OAuthClient) -> Program:
    """A program that asks."""
    return Program(
        id=client.id,
        name=client.name,
        host=_host(client.client_id, client.origin),
        origin=cast("Origin", client.origin),
    )


def shown_name(client: OAuthClient) -> str:
    """A program in the security log: its own name, and the host that vouches for it."""
    host = _host(client.client_id, client.origin)
    return f"{client.name or 'a program without a name'}{f' ({host})' if host else ''}"


def connected(rows: Sequence[ConnectionRow]) -> list[ConnectedProgram]:
    """One entry for each program, in the order of the rows: the one used last comes first."""
    by_program: dict[int, list[ConnectionRow]] = {}
    for row in rows:
        by_program.setdefault(row.program_id, []).append(row)
    return [_entry(connections) for connections in by_program.values()]


def _entry(rows: Sequence[ConnectionRow]) -> ConnectedProgram:
    first = rows[0]
    used = [row.last_used_at for row in rows if row.last_used_at is not None]
    return ConnectedProgram(
        id=first.program_id,
        name=first.name,
        host=_host(first.client_id, first.origin),
        origin=cast("Origin", first.origin),
        scopes=normalized(scope for row in rows for scope in row.scopes),
        connection_ids=[row.grant_id for row in rows],
        created_at=iso_offset(min(row.created_at for row in rows)),
        last_used_at=iso_offset_or_none(max(used) if used else None),
        expires_at=iso_offset(max(row.expires_at for row in rows)),
    )
