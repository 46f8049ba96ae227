"""The address at which a client finds a stored file."""

from __future__ import annotations

from urllib.parse import quote

from fastapi import Request

from notechondria_shared.auth.state import state_of
from notechondria_shared.core.forwarded import public_origin
from notechondria_shared.web.state import ServiceState


def media_url(request: Request, path: str) -> str:
    """The absolute URL of a stored file, `""` for none; scheme and host as the client sees them (identity §11.3)."""
    if not path:
        return ""
    if path.startswith(("http://", "https://")):
        return path
    media = state_of(request.app, ServiceState).media
    return f"{media.address or f'{public_origin(request)}/media'}/{quote(path)}"
