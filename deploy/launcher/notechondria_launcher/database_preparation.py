"""Makes the database, its roles and schemas, as the services need them.

The work is done by a process that ends again: the database's client would stay in the launcher's memory for ever.
"""

import subprocess
import sys
from collections.abc import Mapping

from notechondria_launcher.child_environment import system_environment

_PROGRAM = (sys.executable, "-m", "notechondria_shared.core.provision")
_SECONDS = 120


class DatabaseRefused(Exception):
    """The server does not do it, for a reason that it gives."""


def prepare_database(admin_url: str, passwords: Mapping[str, str], env: Mapping[str, str], *, create: bool) -> None:
    """Provision, and before that make the database if it is to be made; raises `DatabaseRefused`."""
    settings = {f"{service.upper()}_DATABASE_PASSWORD": password for service, password in passwords.items()}
    try:
        done = subprocess.run(  # noqa: S603 - our own program
            [*_PROGRAM, *(["--create"] if create else [])],
            env={**system_environment(env), "DATABASE_ADMIN_URL": admin_url, **settings},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=_SECONDS, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        message = f"no answer within {_SECONDS} s"
        raise DatabaseRefused(message) from None
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        raise DatabaseRefused(lines[-1] if lines else f"exit code {done.returncode}")
