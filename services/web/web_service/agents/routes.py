"""Pages below `/account/agents/`."""

from __future__ import annotations

from fastapi import APIRouter

from web_service.agents import keys, log, undo

router = APIRouter(include_in_schema=False)
router.include_router(log.router)
router.include_router(undo.router)
router.include_router(keys.router)
