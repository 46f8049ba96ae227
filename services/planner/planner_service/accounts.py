"""Whether an account still exists, settled against its deletion arriving at the same time."""

from __future__ import annotations

from notechondria_shared.messaging.accounts import AccountGuard
from planner_service.models import EVENTS

ACCOUNTS = AccountGuard(EVENTS)
