"""`POST /auth/validate-invitation/` (identity §7.2)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel

from identity_service.dependencies import State
from identity_service.invitations import service
from notechondria_contracts.fields import Text
from notechondria_shared.auth import MaybeCaller
from notechondria_shared.web.body import SmallBody
from notechondria_shared.web.dependencies import WriteSession
from notechondria_shared.web.route import api_router

router = api_router("/api/v1/auth", tags=["accounts"])


class ValidateInvitation(SmallBody):
    """The code to look at."""

    invitation_code: Annotated[str | None, Text(blank=True, null=True)] = ""


class Validity(BaseModel):
    """Whether a code is asked for at all, and whether this one would do."""

    required: bool
    valid: bool


@router.post("/validate-invitation/")
async def validate_invitation(
    _: MaybeCaller,
    state: State,
    body: ValidateInvitation,
    db: WriteSession,
) -> Validity:
    """Always 200; the code is not used up (identity §7.2)."""
    registration = state.settings.registration
    if not await service.required(db, registration):
        return Validity(required=False, valid=True)
    code = body.invitation_code or ""
    return Validity(required=True, valid=bool(code) and await service.check(db, code, registration))
