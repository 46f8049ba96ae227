"""Where a page of a list goes on (decision 66): after a note, in lists by the last edit; at a number, in all others."""

from __future__ import annotations

import base64
import binascii
import re
import struct
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Query
from pydantic.json_schema import JsonSchemaValue

from notechondria_contracts.fields.rules import BIGINT_MAX, refuse
from notechondria_shared.web.query import QueryRule

FIRST = "first"
BAD = "Not a cursor: send `first`, or the `next` of a page."
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AFTER = struct.Struct(">qq")
_AT = re.compile(r"at-([0-9]{1,19})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """After the note `note_id`, last edited at `edited`; or, without an edit, at the number `offset`."""

    edited: datetime | None = None
    note_id: int = 0
    offset: int = 0

    @property
    def text(self) -> str:
        """As clients send it back."""
        if self.edited is None:
            return f"at-{self.offset}"
        packed = _AFTER.pack((self.edited - _EPOCH) // timedelta(microseconds=1), self.note_id)
        return base64.urlsafe_b64encode(packed).decode().rstrip("=")

    @classmethod
    def of(cls, text: str) -> Cursor | None:
        """What a text says; None when it says nothing that is one."""
        if text == FIRST:
            return cls()
        if match := _AT.fullmatch(text):
            return cls(offset=min(int(match[1]), BIGINT_MAX))
        try:
            edit, note_id = _AFTER.unpack(base64.b64decode(f"{text}==", altchars=b"-_", validate=True))
            return cls(_EPOCH + timedelta(microseconds=edit), note_id)
        except (binascii.Error, struct.error, OverflowError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class _CursorRule(QueryRule):
    def read(self, text: str) -> str:
        """The text of a cursor, or a refusal."""
        if Cursor.of(text) is None:
            raise refuse(BAD)
        return text

    def schema(self) -> JsonSchemaValue:
        """A string."""
        return {"type": "string"}


PageCursor = Annotated[
    str | None,
    _CursorRule(),
    Query(
        description="`first`, then the `next` of the page before, in place of `offset`: no page costs more than the"
        " first, and none shows a note twice or leaves one out because others were made meanwhile. Ignored without"
        " `limit`."
    ),
]
