"""Roles and schemas: one of each per service, each role shut out of the others' schemas (ADR 0001)."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from notechondria_contracts.services import SERVICES_WITH_SCHEMA

EXTENSIONS = ("pg_trgm", "unaccent", "btree_gin")


def provision(admin_url: str, passwords: Mapping[str, str]) -> None:
    """Make (or repair) the role and schema of every service named in `passwords`. Idempotent.

    `admin_url` is a libpq URL of a role that may create roles and schemas; `passwords` maps service to password.
    Extensions are put into `public`, where every role may use but not create things.
    """
    with psycopg.connect(admin_url, autocommit=True) as connection:
        # Two launchers at once must not race each other through CREATE ROLE.
        connection.execute("SELECT pg_advisory_lock(hashtext('notechondria.provision'))")
        connection.execute("REVOKE CREATE ON SCHEMA public FROM PUBLIC")
        for extension in EXTENSIONS:
            connection.execute(
                sql.SQL("CREATE EXTENSION IF NOT EXISTS {} SCHEMA public").format(sql.Identifier(extension))
            )
        row = connection.execute("SELECT current_database()").fetchone()
        database = sql.Identifier(str(row[0]) if row else "")
        connection.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(database))
        for service, password in passwords.items():
            _provision_service(connection, database, service, password)


def create_database(admin_url: str) -> None:
    """Make the database that the URL names, when the server does not have it."""
    name = conninfo_to_dict(admin_url)["dbname"]
    with psycopg.connect(admin_url, dbname="postgres", autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is None:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(str(name))))


def _provision_service(
    connection: psycopg.Connection[tuple[object, ...]], database: sql.Identifier, service: str, password: str
) -> None:
    role = sql.Identifier(service)
    known = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (service,)).fetchone()
    verb = "ALTER" if known else "CREATE"
    connection.execute(
        sql.SQL("{} ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE PASSWORD {}").format(
            sql.SQL(verb), role, sql.Literal(password)
        )
    )
    connection.execute(sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO {}").format(database, role))
    # A managed database's admin is no superuser: to own things on a role's behalf it must be a member of it.
    connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(role))
    connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {} AUTHORIZATION {}").format(role, role))
    connection.execute(sql.SQL("REVOKE ALL ON SCHEMA {} FROM PUBLIC").format(role))
    connection.execute(sql.SQL("ALTER ROLE {} SET search_path = {}, public").format(role, role))


def main() -> int:
    """`python -m notechondria_shared.core.provision`: DATABASE_ADMIN_URL and <SERVICE>_DATABASE_PASSWORD in env.

    With `--create` the database is made, too. What the server refuses is the last line of the output, with exit code 1.
    """
    passwords = {
        service: os.environ[name]
        for service in SERVICES_WITH_SCHEMA
        if (name := f"{service.upper()}_DATABASE_PASSWORD") in os.environ
    }
    admin_url = os.environ.get("DATABASE_ADMIN_URL", "")
    if not admin_url or not passwords:
        sys.stderr.write("Set DATABASE_ADMIN_URL and <SERVICE>_DATABASE_PASSWORD for each service to provision.\n")
        return 2
    try:
        if "--create" in sys.argv[1:]:
            create_database(admin_url)
        provision(admin_url, passwords)
    except psycopg.Error as error:
        sys.stderr.write(f"{str(error).strip() or type(error).__name__}\n")
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
