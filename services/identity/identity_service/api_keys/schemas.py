"""API keys on the wire (identity §9)."""

from __future__ import annotations

from pydantic import BaseModel


class RotatedKey(BaseModel):
    """The new key; its plain text is shown only here."""

    api_key: str
    api_key_prefix: str
