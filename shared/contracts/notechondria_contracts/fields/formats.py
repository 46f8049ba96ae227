"""Texts of answers that have a format: for OpenAPI; the value is written by whoever builds the answer."""

from __future__ import annotations

from typing import Annotated

from pydantic import WithJsonSchema

IsoDate = Annotated[str, WithJsonSchema({"type": "string", "format": "date"})]
"""`YYYY-MM-DD`."""
IsoTimestamp = Annotated[str, WithJsonSchema({"type": "string", "format": "date-time"})]
"""ISO 8601 with `Z` or `+00:00`, microseconds when there are any (notes §1)."""
