"""Forms that ask for more than yes or no, as the services describe them: a new row, an action with fields."""

from __future__ import annotations

from collections.abc import Mapping

from fastapi import Request, Response

from notechondria_contracts.admin import AdminForm, AdminResource, AdminSecret
from notechondria_contracts.clients.base import ServiceRefused
from web_service.admin.pages import page
from web_service.admin.rows import Shown
from web_service.site.refusals import problems


def form_page(
    request: Request,
    resource: AdminResource,
    form: AdminForm,
    shown: Shown | None,
    *,
    fields: Mapping[str, str] | None = None,
    refusal: ServiceRefused | None = None,
    secret: AdminSecret | None = None,
) -> Response:
    """The form, with what was typed into it, why it was refused, and what is shown this once."""
    typed = fields or {}
    return page(
        request,
        "form.html",
        status=refusal.status if refusal else 200,
        active=resource.name,
        section=resource,
        form=form,
        shown=shown,
        title=form.title.replace("{label}", shown.row.label) if shown else form.title,
        values={field.name: typed.get(field.name, field.value) for field in form.fields},
        problems=problems(refusal.body) if refusal else {},
        secret=secret,
    )


def filled(form: AdminForm, fields: Mapping[str, str]) -> dict[str, str]:
    """What is sent of a form: its own fields, blank ones left out."""
    return {field.name: fields[field.name] for field in form.fields if fields.get(field.name, "").strip()}


def chosen(form: AdminForm, fields: Mapping[str, str]) -> str:
    """The choices that were made, for the record: `:password_reset`. What people type is not recorded."""
    made = []
    for field in form.fields:
        words = {choice.value for choice in field.choices}
        if field.kind == "choice" and fields.get(field.name) in words:
            made.append(f":{fields[field.name]}")
    return "".join(made)
