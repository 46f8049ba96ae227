"""API keys on the wire (identity §9, and the list of named keys)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from identity_service.models import ApiKey
from notechondria_contracts.fields import DateTime, Text
from notechondria_contracts.fields import validation_messages as texts
from notechondria_contracts.fields.rules import Rule, json_type, refuse
from notechondria_shared.core.timestamps import iso_offset, iso_offset_or_none
from notechondria_shared.web.body import SmallBody, example

SCOPES = ("read", "write")


@dataclass(frozen=True, slots=True)
class Scopes(Rule):
    """A non-empty list of `read` and `write`; `write` includes `read`."""

    null: bool = False

    def convert(self, value: object) -> list[str]:
        """The scopes in their order, without repetition."""
        if not isinstance(value, list):
            raise refuse(texts.NOT_A_LIST.format(type=json_type(value)))
        for scope in value:
            if scope not in SCOPES:
                raise refuse(texts.not_a_choice(scope))
        if not value:
            raise refuse("Name at least one scope.")
        return list(SCOPES) if "write" in value else ["read"]

    def schema(self) -> dict[str, object]:
        """A list of the two words."""
        return {"type": "array", "items": {"type": "string", "enum": list(SCOPES)}, "minItems": 1}


def _both() -> list[str]:
    return list(SCOPES)


class CreateKey(SmallBody):
    """`POST /auth/api-keys/`."""

    model_config = example(name="backup script", scopes=["read"], expires_at="2027-01-01T00:00:00Z")

    name: Annotated[str, Text(max_length=120)]
    scopes: Annotated[list[str], Scopes()] = Field(default_factory=_both)
    expires_at: Annotated[datetime | None, DateTime(null=True)] = None


class ChangeKey(SmallBody):
    """What a key is called, and what it may do."""

    name: Annotated[str, Text(max_length=120)]
    scopes: Annotated[list[str], Scopes()]


class RotatedKey(BaseModel):
    """The new key; its plain text is shown only here."""

    api_key: str
    api_key_prefix: str


class KeyRow(BaseModel):
    """A key as its owner sees it later: never the key itself."""

    id: int
    name: str
    prefix: str
    scopes: list[str]
    rotated: bool
    """True for the one key that `rotate-api-key` made."""
    created_at: str
    expires_at: str | None
    last_used_at: str | None

    @classmethod
    def of(cls, key: ApiKey) -> KeyRow:
        """A key of the list."""
        return KeyRow(
            id=key.id,
            name=key.name,
            prefix=key.prefix,
            scopes=key.scopes,
            rotated=key.rotated,
            created_at=iso_offset(key.created_at),
            expires_at=iso_offset_or_none(key.expires_at),
            last_used_at=iso_offset_or_none(key.last_used_at),
        )


class CreatedKey(KeyRow):
    """201 of a new key: the only time its plain text is shown."""

    api_key: str


class KeyList(BaseModel):
    """`GET /auth/api-keys/`."""

    api_keys: list[KeyRow]
