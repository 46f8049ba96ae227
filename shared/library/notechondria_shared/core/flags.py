"""What counts as yes in the environment (identity §14)."""

from __future__ import annotations

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
