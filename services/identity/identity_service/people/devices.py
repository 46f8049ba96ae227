"""Where a person is signed in, on the pages (identity §7.8), and the end of all but one of their sessions."""

from __future__ import annotations

from identity_service.people.visitor import ASKED_BY_WEB
from identity_service.sessions import queries, service
from notechondria_contracts.internal.people import PEOPLE_PATH, OwnDevice, OwnDevices, OwnSession
from notechondria_shared.auth import WithSession
from notechondria_shared.core.timestamps import iso_offset, now
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notechondria_shared.web.router import Router

router = Router(prefix=PEOPLE_PATH, include_in_schema=False, dependencies=[ASKED_BY_WEB])


@router.get("/devices")
async def list_devices(caller: WithSession, read: ReadSession) -> OwnDevices:
    """Active sessions, last seen first, with the network that each was made from."""
    rows = await read.all(queries.ACTIVE, user_id=caller.user_id, now=now())
    return OwnDevices(
        sessions=[
            OwnDevice(
                id=row.id,
                device_label=row.device_label,
                network=row.network,
                created_at=iso_offset(row.created_at),
                last_seen_at=iso_offset(row.last_seen_at),
            )
            for row in rows
        ]
    )


@router.post("/devices/end-others", status_code=204)
async def end_others(caller: WithSession, form: OwnSession, db: WriteSession) -> None:
    """End every session but the one that is named. Nothing is asked for: ending something must be easy."""
    await service.revoke_all(db, caller.user_id, but=form.session_id)
