"""Waiting for Postgres at start-up (ADR 0022): first the socket, then the credentials."""

from __future__ import annotations

import asyncio
import logging
import re
import socket
import time

import psycopg
from psycopg.conninfo import conninfo_to_dict

from notechondria_shared.core.start import CannotStart

logger = logging.getLogger("notechondria.start")


# Of a connection that was never made libpq gives the server's words, and no code.
_REFUSED = re.compile(
    r"FATAL:\s+((?:password authentication failed|no pg_hba\.conf entry|permission denied for database) [^\n]*"
    r"|(?:database|role) [^\n]* (?:does not exist|is not permitted to log in))"
)


class DatabaseUnavailable(CannotStart):
    """Postgres did not answer in time, or refused the credentials; the text says which and what to do."""


async def wait_for_database(conninfo: str, seconds: float) -> str:
    """Return its address when Postgres accepts our credentials; raise `DatabaseUnavailable` after `seconds`, or at once
    when the password or database is wrong (waiting would not help)."""
    parts = conninfo_to_dict(conninfo)
    host, port = str(parts.get("host") or "localhost"), int(str(parts.get("port") or 5432))
    deadline = time.monotonic() + seconds
    announced = False
    while True:
        try:
            if not host.startswith("/"):
                with socket.create_connection((host, port), timeout=2):
                    pass
            connection = await psycopg.AsyncConnection.connect(conninfo, connect_timeout=5)
            await connection.close()
        except psycopg.OperationalError as error:
            if refusal := _REFUSED.search(str(error)):
                message = f"Postgres at {host}:{port} refused us: {refusal[1]}. Check DATABASE_URL."
                raise DatabaseUnavailable(message) from None
            problem: Exception = error
        except OSError as error:
            problem = error
        else:
            return f"{host}:{port}"
        if time.monotonic() > deadline:
            message = f"Postgres at {host}:{port} did not answer within {seconds:.0f} s: {problem}"
            raise DatabaseUnavailable(message)
        if not announced:
            logger.info("waiting up to %.0f s for Postgres at %s:%s", seconds, host, port)
            announced = True
        await asyncio.sleep(0.2)
