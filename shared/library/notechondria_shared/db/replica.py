"""Which process this is, and which others run: each keeps one database connection, its relay's, for its whole life.

Its name says of which replica it is, so the database's own list of connections shows what is alive,
without a time to wait until something that died is forgotten.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from sqlalchemy import column, func, select, table

from notechondria_shared.core.replica import replica_name
from notechondria_shared.core.version import product_version
from notechondria_shared.db.reader import Reads, Scalar, prepare_scalar


@dataclass(frozen=True)
class Replica:
    """One start of a service, with its worker processes."""

    id: str
    version: str
    processes: int


def connection_name(schema: str) -> str:
    """What the relay's connection is called; Postgres keeps 63 bytes of it."""
    return f"{schema}-relay {replica_name()} {product_version()}"[:63]


_activity = table("pg_stat_activity", column("usename"), column("datname"), column("application_name"))
_name = _activity.c.application_name


def replicas_query(schema: str) -> Scalar[str]:
    """The relays' connections of a schema; a role sees its own."""
    return prepare_scalar(
        select(_name).where(
            _activity.c.usename == func.current_user(),
            _activity.c.datname == func.current_database(),
            func.starts_with(_name, f"{schema}-relay "),
        ),
        str,
    )


async def alive(read: Reads, query: Scalar[str]) -> list[Replica]:
    """The replicas that run now, by id."""
    names = Counter(await read.all(query))
    replicas = []
    for name, processes in sorted(names.items()):
        _, replica, version = f"{name}  ".split(" ", 2)
        replicas.append(Replica(replica, version.strip(), processes))
    return replicas
