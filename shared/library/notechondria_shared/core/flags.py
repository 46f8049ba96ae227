"""What counts as yes in the environment (identity §14), and what is plainly meant as no; all else is no as well."""

from __future__ import annotations

TRUE_WORDS = frozenset({"1", "true", "yes", "on"})
FALSE_WORDS = frozenset({"0", "false", "no", "off"})
