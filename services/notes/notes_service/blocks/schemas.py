"""Blocks on the wire (notes §3.5, §6.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, ClassVar

from fastapi import Request
from pydantic import BaseModel, JsonValue, ValidationError
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import PydanticCustomError
from typing_extensions import TypedDict

from notechondria_contracts.fields import Boolean, Choice, ObjectList, Text, validation_messages
from notechondria_contracts.fields.rules import Rule, json_type, refuse, whole_number
from notechondria_shared.core.timestamps import iso_z
from notechondria_shared.web import Body
from notechondria_shared.web.body import TEXT_LIMIT, field_errors
from notechondria_shared.web.media_url import media_url
from notes_service.blocks.queries import BlockRow
from notes_service.values import BLOCK_TYPES, BlockType, Timestamp

ONE_LINE = frozenset("TUSI")
ARGS_LENGTH = 256


@dataclass(frozen=True, slots=True)
class BlockDraft:
    """A block before it has a row."""

    block_type: str
    text: str
    args: str | None = None
    is_ai_generated: bool = False


class BlockElement(Body):
    """An element of a note's `blocks` list (notes §6.1)."""

    limit: ClassVar[int] = TEXT_LIMIT

    block_type: Annotated[str, Choice(BLOCK_TYPES)] = "N"
    text: Annotated[str | None, Text(blank=True, null=True)] = ""
    args: Annotated[str | None, Text(max_length=ARGS_LENGTH, blank=True, null=True)] = None
    is_AI_generated: Annotated[bool, Boolean()] = False  # noqa: N815 - the contract's name

    def draft(self) -> BlockDraft:
        """The cleaned block."""
        text = clean_text(self.block_type, self.text or "")
        return BlockDraft(self.block_type, text, self.args or None, self.is_AI_generated)


class CreateBlock(BlockElement):
    """`POST /notes/{id}/blocks/` (notes §6.1)."""

    block_type: Annotated[str, Choice(BLOCK_TYPES)]


class UpdateBlock(BlockElement):
    """`PATCH /blocks/{id}/` (notes §6.1): only what was sent counts."""

    def applied_to(self, block: BlockDraft) -> BlockDraft:
        """The block with what was sent; text that was not sent is only made one line where the new kind needs it."""
        block_type = self.block_type if self.sent("block_type") else block.block_type
        text = self.text or "" if self.sent("text") else block.text
        if self.sent("text") or block_type in ONE_LINE:
            text = clean_text(block_type, text)
        return BlockDraft(
            block_type,
            text,
            self.args or None if self.sent("args") else block.args,
            self.is_AI_generated if self.sent("is_AI_generated") else block.is_ai_generated,
        )


@dataclass(frozen=True, slots=True)
class IdList(Rule):
    """A list of at least one integer."""

    null: bool = False
    max_items: int = 10_000

    def convert(self, value: object) -> list[int]:
        """The integers; the first bad element is named."""
        if not isinstance(value, list):
            raise refuse(validation_messages.NOT_A_LIST.format(type=json_type(value)))
        if not value:
            raise refuse("This list may not be empty.")
        if len(value) > self.max_items:
            raise refuse(f"Ensure this field has no more than {self.max_items} elements.")
        return [self._number(position, item) for position, item in enumerate(value)]

    @staticmethod
    def _number(position: int, item: object) -> int:
        try:
            return whole_number(item)
        except PydanticCustomError:
            raise refuse(f"Element {position}: {validation_messages.NOT_INTEGER}") from None

    def schema(self) -> JsonSchemaValue:
        """A list of integers."""
        return {"type": "array", "items": {"type": "integer"}, "minItems": 1, "maxItems": self.max_items}


class ReorderBlocks(Body):
    """`POST /notes/{id}/reorder/` (notes §6.4)."""

    ordered_block_ids: Annotated[list[int], IdList()]


class Reordered(BaseModel):
    """The blocks of a note have a new order."""

    message: str


def clean_text(block_type: str, text: str) -> str:
    """Line breaks as a block of this kind keeps them (notes §6.1, decision 16)."""
    if block_type in ONE_LINE:
        return re.sub(r"[\r\n]+", " ", text)
    return re.sub(r"[\r\n]{2,}", "\n", text)


@dataclass(frozen=True, slots=True)
class BlockList(Rule):
    """A list of block objects, as `BlockDraft`s; the message of a refusal names the element."""

    null: bool = False
    max_items: int = 10_000

    def convert(self, value: object) -> list[BlockDraft]:
        return [
            _element(number, item) for number, item in enumerate(ObjectList(max_items=self.max_items).convert(value))
        ]

    def schema(self) -> JsonSchemaValue:
        return {"type": "array", "items": BlockElement.model_json_schema(), "maxItems": self.max_items}


def _element(number: int, item: dict[str, JsonValue]) -> BlockDraft:
    try:
        return BlockElement.model_validate(item).draft()
    except ValidationError as error:
        texts = [f"{name}: {' '.join(problems)}" for name, problems in field_errors(error).items()]
        raise refuse(f"Block {number}: {' '.join(texts)}") from None


class BlockObject(TypedDict):
    """A block (notes §3.5)."""

    id: int
    block_type: BlockType
    text: str | None
    args: str | None
    is_AI_generated: bool
    image_url: str
    date_created: Timestamp
    last_edit: Timestamp


def block_object(request: Request, row: BlockRow) -> BlockObject:
    """A row as the contract's block."""
    return {
        "id": row.id,
        "block_type": row.block_type,
        "text": row.text,
        "args": row.args,
        "is_AI_generated": row.is_ai_generated,
        "image_url": media_url(request, row.image),
        "date_created": iso_z(row.date_created),
        "last_edit": iso_z(row.last_edit),
    }
