"""Answers of the token endpoint (RFC 6749 §5.1)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel


class TokenAnswer(BaseModel):
    """Tokens, shown this once."""

    access_token: str
    token_type: Literal["Bearer"] = "Bearer"  # noqa: S105 - a word of the protocol
    expires_in: int
    refresh_token: str
    scope: str
