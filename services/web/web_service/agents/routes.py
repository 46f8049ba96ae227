"""Pages below `/account/agents/`."""

from __future__ import annotations

from notechondria_shared.web.router import Router
from web_service.agents import keys, log, undo

router = Router(include_in_schema=False)
router.include_router(log.router)
router.include_router(undo.router)
router.include_router(keys.router)
