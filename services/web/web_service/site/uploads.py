"""Files that a form brings."""

from __future__ import annotations

import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Request

from notechondria_shared.auth.caller import log_refusal
from notechondria_shared.core.errors import BadRequest, Forbidden
from notechondria_shared.web.upload import Form, is_multipart, read_form
from web_service.site.forms import FORGED, TOKEN_FIELD
from web_service.site.person import Person
from web_service.site.texts import text
from web_service.state import WebState


@asynccontextmanager
async def uploaded(
    request: Request, state: WebState, person: Person, *, mib: int, max_files: int
) -> AsyncIterator[Form]:
    """The form with its files, which are gone when the block ends; 403 when this site did not make it for them."""
    if not is_multipart(request):
        raise BadRequest(text("uploads", "no_file"))
    too_large = BadRequest(text("uploads", "too_large").format(mib=mib))
    with state.upload_slots.taken(person.id):
        async with read_form(request, too_large=too_large, limit=mib << 20, max_files=max_files) as form:
            sent = str(form.fields.get(TOKEN_FIELD, ""))
            if not hmac.compare_digest(sent.encode(errors="replace"), person.csrf.encode()):
                log_refusal(request, "<none>", "form token missing or wrong")
                raise Forbidden(FORGED)
            yield form
