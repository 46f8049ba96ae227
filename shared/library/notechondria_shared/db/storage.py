"""How much of the database a schema takes up."""

from __future__ import annotations

from sqlalchemy import BigInteger, cast, column, func, select, table

from notechondria_shared.db.reader import Scalar, prepare_scalar


def storage_query(schema: str) -> Scalar[int]:
    """The bytes of all tables of a schema with their indexes and what is stored out of line."""
    relations = table("pg_class", column("oid"), column("relnamespace"), column("relkind"), schema="pg_catalog")
    schemas = table("pg_namespace", column("oid"), column("nspname"), schema="pg_catalog")
    size = func.coalesce(func.sum(func.pg_total_relation_size(relations.c.oid)), 0)
    return prepare_scalar(
        select(cast(size, BigInteger))
        .select_from(relations.join(schemas, schemas.c.oid == relations.c.relnamespace))
        .where(schemas.c.nspname == schema, relations.c.relkind == "r"),
        int,
    )
