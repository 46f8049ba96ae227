"""Why a service cannot start."""

from __future__ import annotations


class CannotStart(Exception):
    """Something that the service needs before it serves is away or refuses it; the text says what, and what to do."""
