"""The Alembic runner: version table in the service's schema, an advisory lock, time limits, one transaction each."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, MetaData, create_engine, text
from sqlalchemy.pool import NullPool

logger = logging.getLogger("notechondria.migrations")


def _config(folder: Path) -> Config:
    config = Config()
    config.set_main_option("script_location", str(folder))
    config.set_main_option("path_separator", "os")
    return config


@contextmanager
def _connection(conninfo: str) -> Iterator[Connection]:
    url = conninfo.replace("postgresql://", "postgresql+psycopg://", 1)
    engine = create_engine(url, poolclass=NullPool)
    with engine.connect() as connection:
        yield connection


def head(folder: Path) -> str | None:
    """The newest revision that the files know."""
    return ScriptDirectory.from_config(_config(folder)).get_current_head()


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
        logger.info("migrating schema %s from %s to %s", schema, current or "nothing", head(folder))
        config = _config(folder)
        config.attributes["connection"] = connection
        config.attributes["schema"] = schema
        command.upgrade(config, "head")
        connection.commit()
        return True


def _current(connection: Connection, schema: str) -> str | None:
    context = MigrationContext.configure(connection, opts={"version_table_schema": schema})
    return context.get_current_revision()


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
