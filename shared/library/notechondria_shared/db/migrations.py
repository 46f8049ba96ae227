"""The Alembic runner: version table in the service's schema, an advisory lock, time limits, one transaction each.

Alembic is only imported when there is something to migrate: it costs a process 11 MiB and a tenth of a second.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, MetaData, create_engine, text
from sqlalchemy.pool import NullPool

logger = logging.getLogger("notechondria.migrations")


@contextmanager
def _connection(conninfo: str) -> Iterator[Connection]:
    url = conninfo.replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def head(folder: Path) -> str | None:
    """The newest revision that the files know: each is called as its revision, which begins with its number."""
    return max((file.stem for file in (folder / "versions").glob("[0-9]*.py")), default=None)


def migrate(conninfo: str, schema: str, folder: Path) -> bool:
    """Bring `schema` to the newest revision; True when something was done. Replicas may call it at the same time."""
    with _connection(conninfo) as connection:
        connection.execute(text("SELECT pg_advisory_lock(hashtext(:name))"), {"name": f"migrate.{schema}"})
        connection.execute(text("SET lock_timeout = '10s'"))
        connection.execute(text("SET statement_timeout = '10min'"))
        connection.commit()  # settings and the session-level lock outlive this transaction
        current = _current(connection, schema)
        connection.rollback()
        if current == head(folder):
            return False
        if current and _number(current) > _number(head(folder)):
            # An older version runs again: within a minor version schemas only grow (docs/deploy.md).
            logger.warning("schema %s is at %s, newer than the files here, and stays as it is", schema, current)
            return False
        logger.info("migrating schema %s from %s to %s", schema, current or "nothing", head(folder))
        _upgrade(connection, schema, folder)
        return True


def _number(revision: str | None) -> int:
    """The number with which a revision begins, 0 of none."""
    digits = (revision or "").partition("_")[0]
    return int(digits) if digits.isdecimal() else 0


def _current(connection: Connection, schema: str) -> str | None:
    known = connection.scalar(text("SELECT to_regclass(:name)"), {"name": f"{schema}.alembic_version"})
    return connection.scalar(text(f"SELECT version_num FROM {schema}.alembic_version")) if known else None  # noqa: S608


def _upgrade(connection: Connection, schema: str, folder: Path) -> None:
    from alembic import command  # noqa: PLC0415 - see above
    from alembic.config import Config  # noqa: PLC0415 - see above

    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    config.attributes["schema"] = schema
    command.upgrade(config, "head")
    connection.commit()


def run_environment(metadata: MetaData) -> None:
    """The body of every service's `migrations/env.py`."""
    from alembic import context  # noqa: PLC0415 - only exists while Alembic runs an env.py

    connection = context.config.attributes["connection"]
    schema = context.config.attributes["schema"]
    context.configure(
        connection=connection,
        target_metadata=metadata,
        version_table_schema=schema,
        transaction_per_migration=True,
        include_schemas=False,
    )
    with context.begin_transaction():
        context.run_migrations()
