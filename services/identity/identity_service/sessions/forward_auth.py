"""What the gateway asks before it lets a request through to a service that is not ours (decision 40, AI)."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import Request, Response

from notechondria_contracts.services import EXTENSION
from notechondria_shared.auth.assertion import ASSERTION_HEADER
from notechondria_shared.auth.caller import authenticate, log_refusal
from notechondria_shared.auth.scopes import PERSON_NEEDED
from notechondria_shared.auth.state import AuthState, state_of
from notechondria_shared.core.errors import NOT_PROVIDED, InsufficientScope, Unauthorized
from notechondria_shared.web.edge import FORWARD_AUTH
from notechondria_shared.web.router import Router

router = Router(include_in_schema=False)


# Without a key of a caller, which the gateway does not have. It is not routed from outside, and shows nobody more than
# who holds the credential knows.
@router.get(FORWARD_AUTH)
async def forward_auth(request: Request) -> Response:
    """204 with the caller's internal assertion and id, else 401 (identity §2)."""
    caller = await authenticate(request)
    if caller is None:
        log_refusal(request, "<none>", "no credentials")
        raise Unauthorized(NOT_PROVIDED)
    if caller.kind == "token":
        log_refusal(request, "<kind>", "access token where a session or key is needed")
        raise InsufficientScope(PERSON_NEEDED)
    keys = state_of(request.app, AuthState).keys
    assertion = keys.assertion(caller.user_id, {**asdict(caller), "scopes": list(caller.scopes)}, EXTENSION, EXTENSION)
    return Response(status_code=204, headers={ASSERTION_HEADER: assertion, "X-User-Id": str(caller.user_id)})
