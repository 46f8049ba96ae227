"""Handshake, ping, health, root (identity §6): no auth, the header is ignored."""

from __future__ import annotations

from fastapi import Response

from identity_service.dependencies import State
from identity_service.platform.schemas import SERVICE, Build, Handshake, Pong, RootAlive, Storage
from notechondria_shared.core.timestamps import iso_offset, now
from notechondria_shared.core.version import product_version
from notechondria_shared.web.errors import EMPTY_405
from notechondria_shared.web.internal import Liveness
from notechondria_shared.web.router import Router

ANY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]
STORAGE_LABELS = {"local": "Local disk", "s3": "S3 object storage", "r2": "Cloudflare R2"}
router = Router(tags=["platform"])


@router.api_route("/", methods=[*ANY_METHOD, "OPTIONS"], include_in_schema=False)
async def root(response: Response) -> RootAlive:
    """Liveness for whoever asks; browsers are shown a page under the same address, which caches have to know."""
    response.headers["Vary"] = "Accept"
    return RootAlive(service=SERVICE)


@router.get("/handshake/", openapi_extra={EMPTY_405: True})
@router.get("/api/v1/handshake/", openapi_extra={EMPTY_405: True})
async def handshake(state: State) -> Handshake:
    """Who this is and what it can do (identity §6.1); capabilities are what the deployed services announced."""
    settings = state.settings
    version, kind = product_version(), settings.media_location.kind
    return Handshake(
        service=SERVICE,
        api_version="v1",
        version=version,
        capabilities=dict(state.capabilities)
        | state.announced.current()
        | ({"ai": 1} if settings.ai_service_url else {}),
        build=Build(
            version=version,
            commit=settings.backend_build_commit[:40],
            build_time=settings.backend_build_time,
            deploy_target=settings.backend_deploy_target,
        ),
        min_frontend_version=settings.min_frontend_version,
        storage=Storage(backend=kind, label=settings.storage_label or STORAGE_LABELS[kind]),
    )


@router.get("/api/v1/ping/", openapi_extra={EMPTY_405: True})
async def ping() -> Pong:
    """Pong, with the server's time."""
    return Pong(pong=True, service=SERVICE, timestamp=iso_offset(now()))


@router.api_route("/api/v1/health/", methods=ANY_METHOD, include_in_schema=False)
async def health() -> Liveness:
    """The API answers."""
    return Liveness()
