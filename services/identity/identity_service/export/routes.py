"""`GET /auth/account/export/`: the user's own data, all of it."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import StreamingResponse

from identity_service.dependencies import State
from identity_service.export.service import Exporter, account_data
from identity_service.models import User
from identity_service.security_log import service as security_log
from identity_service.sessions.devices import Device
from notechondria_shared.auth import WithSession
from notechondria_shared.core.errors import INVALID_TOKEN, Unauthorized
from notechondria_shared.core.timestamps import today
from notechondria_shared.web.router import Router
from notechondria_shared.web.zip_stream import zip_stream

router = Router(prefix="/api/v1/auth", tags=["accounts"])


@router.get("/account/export/", response_class=StreamingResponse)
async def export_account(request: Request, state: State, caller: WithSession) -> StreamingResponse:
    """A zip with everything every service holds on the caller: JSON documents and files, streamed."""
    async with state.database.transaction() as db:
        user = await db.get(User, caller.user_id)
        if user is None:
            raise Unauthorized(INVALID_TOKEN)
        await security_log.record(db, user.id, security_log.EXPORTED, Device.of(request))
        account = await account_data(db, user)
    exporter = Exporter(state.internal_http, state.media, state.settings)
    name = f"notechondria-{today().isoformat()}.zip"
    return StreamingResponse(
        zip_stream(exporter.members(caller.user_id, user.image_path, account)),
        media_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "private, no-store"},
    )
