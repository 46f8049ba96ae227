"""Where programs learn how to ask for access."""

from __future__ import annotations

from identity_service.authorization.metadata.schemas import KeySet, OpenIdMetadata, ServerMetadata
from identity_service.dependencies import State
from notechondria_shared.web.answers import Json
from notechondria_shared.web.route import ReadRoute
from notechondria_shared.web.router import Router

router = Router(include_in_schema=False, route_class=ReadRoute)
CACHED = {"Cache-Control": "public, max-age=300"}


@router.get("/.well-known/oauth-authorization-server")
@router.get("/.well-known/oauth-authorization-server/")
async def server_metadata(state: State) -> Json:
    """The metadata (RFC 8414 §3)."""
    known = ServerMetadata.model_validate(ServerMetadata.addresses(state.settings.public_base_url))
    return Json(known.model_dump(), headers=CACHED)


@router.get("/.well-known/openid-configuration")
@router.get("/.well-known/openid-configuration/")
async def openid_metadata(state: State) -> Json:
    """The same for programs that ask for it by this name."""
    known = OpenIdMetadata.model_validate(OpenIdMetadata.addresses(state.settings.public_base_url))
    return Json(known.model_dump(), headers=CACHED)


@router.get("/oauth/jwks")
@router.get("/oauth/jwks/")
async def key_set() -> Json:
    """The public keys of signed tokens (RFC 7517 §5)."""
    return Json(KeySet().model_dump(), headers=CACHED)
