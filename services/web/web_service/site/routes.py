"""The style sheet of all pages for people."""

from __future__ import annotations

from functools import cache
from importlib import resources

from fastapi import APIRouter, Response

router = APIRouter(prefix="/account", include_in_schema=False)


@cache
def _style() -> bytes:
    return resources.files(__package__).joinpath("style.css").read_bytes()


@router.get("/style.css")
async def style() -> Response:
    """The one style sheet."""
    return Response(_style(), media_type="text/css", headers={"Cache-Control": "public, max-age=300"})
