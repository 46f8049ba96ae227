"""Values with a closed set or a format, as OpenAPI describes them."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

EDITOR_MODES = ("G", "B", "P")
NOTE_TYPES = ("N", "C")
BLOCK_TYPES = ("T", "S", "N", "U", "E", "P", "C", "Q", "I", "L", "H")
COURSE_OPERATIONS = ("subscribe", "unsubscribe", "open")

EditorMode = Annotated[str, Field(json_schema_extra={"enum": list(EDITOR_MODES)})]
NoteType = Annotated[str, Field(json_schema_extra={"enum": list(NOTE_TYPES)})]
BlockType = Annotated[str, Field(json_schema_extra={"enum": list(BLOCK_TYPES)})]
Timestamp = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""ISO 8601 in UTC."""
UuidText = Annotated[str, Field(json_schema_extra={"format": "uuid"})]
