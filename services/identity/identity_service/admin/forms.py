"""The two forms that ask for more than yes or no: a new invitation, and a code issued by hand."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from identity_service.admin import own
from identity_service.admin.entry import OwnForm, SignedIn
from identity_service.admin.pages import PageRoute, page, problems, redirect
from identity_service.admin.people import INVITATIONS, USERS
from identity_service.admin.record import record
from identity_service.codes import service as codes
from identity_service.operators import service
from identity_service.operators.schemas import CreateInvitation, IssueCode
from identity_service.settings import IdentitySettings
from notechondria_shared.core.errors import ApiError
from notechondria_shared.db import Database
from notechondria_shared.web.body import validate

router = APIRouter(include_in_schema=False, route_class=PageRoute)
NEW = {"code": "", "label": "", "max_uses": "1", "expires_at": ""}
KINDS = (
    (codes.PASSWORD_RESET, "Set a new password"),
    (codes.REGISTER, "Verify the address of a new account"),
    (codes.IDENTITY, "Confirm a change of password or address"),
)


def _invitation(request: Request, fields: dict[str, str], refusal: ApiError | None = None) -> Response:
    return page(
        request,
        "invitation.html",
        status=refusal.status if refusal else 200,
        active=INVITATIONS.name,
        fields=NEW | {name: text for name, text in fields.items() if name in NEW},
        problems=problems(refusal) if refusal else {},
    )


@router.get("/invitations/new/")
async def new_invitation(request: Request, _: SignedIn) -> Response:
    """The form."""
    return _invitation(request, {})


@router.post("/invitations/new/")
async def create_invitation(request: Request, staff: SignedIn, fields: OwnForm) -> Response:
    """Make it, as `notechondria invitations create` does; a refusal shows the form again."""
    database: Database = request.app.state.database
    try:
        wanted = validate(CreateInvitation, {name: text for name, text in fields.items() if text.strip()})
        async with database.transaction() as db:
            row = await service.create_invitation(db, wanted)
    except ApiError as refusal:
        if refusal.status != 400:
            raise
        return _invitation(request, fields, refusal)
    record(staff.id, "create", f"invitations/{row.id}")
    return redirect(f"/admin/invitations/{row.id}/", done="create")


async def _code(request: Request, key: str, *, refusal: ApiError | None = None, code: str = "") -> Response:
    user = await own.USERS.one(request, key)
    settings: IdentitySettings = request.app.state.settings
    return page(
        request,
        "code.html",
        status=refusal.status if refusal else 200,
        active=USERS.name,
        user=user,
        kinds=KINDS,
        code=code,
        hours=settings.smtp_email_verification_ttl_hours,
        problems=problems(refusal) if refusal else {},
    )


@router.get("/users/{user_id:id}/code/")
async def ask_for_code(request: Request, _: SignedIn, user_id: int) -> Response:
    """The form."""
    return await _code(request, str(user_id))


@router.post("/users/{user_id:id}/code/")
async def issue_code(request: Request, staff: SignedIn, user_id: int, fields: OwnForm) -> Response:
    """Issue it and show it, this once; older ones of its kind are void."""
    database: Database = request.app.state.database
    settings: IdentitySettings = request.app.state.settings
    try:
        kind = validate(IssueCode, fields).kind
        async with database.transaction() as db:
            user = await own.find(db, staff, user_id)
            digits = await service.issue_code(db, user, kind, settings.smtp_email_verification_ttl_hours)
    except ApiError as refusal:
        if refusal.status != 400:
            raise
        return await _code(request, str(user_id), refusal=refusal)
    record(staff.id, f"issue-code:{kind}", f"users/{user_id}")
    return await _code(request, str(user_id), code=digits)
