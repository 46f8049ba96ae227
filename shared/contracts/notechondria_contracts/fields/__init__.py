"""Lenient scalar input of the contract: annotations for the fields of request bodies and queries."""

from notechondria_contracts.fields.rules import (
    Boolean,
    Choice,
    Date,
    DateTime,
    Email,
    Id,
    Integer,
    Json,
    ObjectList,
    Text,
    Uuid,
)

__all__ = ["Boolean", "Choice", "Date", "DateTime", "Email", "Id", "Integer", "Json", "ObjectList", "Text", "Uuid"]
