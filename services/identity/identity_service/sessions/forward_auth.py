"""What the gateway asks before it lets a request through to a service that is not ours (decision 40, AI)."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from notechondria_shared.auth.assertion import ASSERTION_HEADER
from notechondria_shared.auth.caller import authenticate, log_refusal
from notechondria_shared.core.errors import NOT_PROVIDED, Unauthorized
from notechondria_shared.web.edge import FORWARD_AUTH

router = APIRouter(include_in_schema=False)


# Without the shared secret, which the gateway does not have. It is not routed from outside, and shows nobody more than
# who holds the credential knows.
@router.get(FORWARD_AUTH)
async def forward_auth(request: Request) -> Response:
    """204 with the caller's internal assertion and id, else 401 (identity §2)."""
    caller = await authenticate(request)
    if caller is None:
        log_refusal(request, "<none>", "no credentials")
        raise Unauthorized(NOT_PROVIDED)
    return Response(status_code=204, headers={ASSERTION_HEADER: caller.assertion, "X-User-Id": str(caller.user_id)})
