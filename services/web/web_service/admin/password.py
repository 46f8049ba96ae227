"""Asking a member of staff for their own password before an action that needs it; identity decides when that is.

The page sends the action again, with the fields of its form as they were typed and the password beside them.
"""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request, Response

from notechondria_contracts.admin import PASSWORD_MINUTES, AdminAction, AdminResource
from notechondria_contracts.clients.base import ServiceRefused
from notechondria_contracts.internal.staff import StaffPassword
from notechondria_shared.core.forwarded import client_address
from web_service.admin.entry import StaffMember
from web_service.admin.pages import page
from web_service.admin.rows import Shown
from web_service.site.refusals import kept_headers, problems
from web_service.state import WebState

FIELD = "own_password"


async def confirm(
    request: Request, state: WebState, staff: StaffMember, fields: Mapping[str, str]
) -> ServiceRefused | None:
    """Let identity check the password, if one was entered; its refusal (400, 429) else."""
    if FIELD not in fields:
        return None
    form = StaffPassword(
        session_id=staff.session_id,
        password=fields[FIELD],
        user_agent=request.headers.get("user-agent", ""),
        address=client_address(request),
    )
    try:
        await state.identity.confirm_staff_password(form, staff.assertions["identity"])
    except ServiceRefused as refusal:
        if refusal.status not in {400, 429}:
            raise
        return refusal
    return None


def password_page(
    request: Request,
    resource: AdminResource,
    action: AdminAction,
    shown: Shown,
    fields: Mapping[str, str],
    refusal: ServiceRefused | None = None,
) -> Response:
    """The page that asks for it, with what was typed into the form of the action."""
    kept = [field.name for field in action.form.fields if field.name in fields] if action.form else []
    return page(
        request,
        "password.html",
        status=refusal.status if refusal else 200,
        headers=kept_headers(refusal) if refusal else None,
        active=resource.name,
        section=resource,
        action=action,
        shown=shown,
        submit=action.form.submit if action.form else action.label,
        minutes=PASSWORD_MINUTES,
        field=FIELD,
        kept={name: fields[name] for name in kept},
        title="Enter your password",
        problems=_at_the_field(refusal) if refusal else {},
    )


def _at_the_field(refusal: ServiceRefused) -> dict[str, list[str]]:
    texts = problems(refusal.body)
    beside = texts.pop("password", [])
    return {**texts, **({FIELD: beside} if beside else {})}
