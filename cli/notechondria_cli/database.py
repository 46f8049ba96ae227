"""The database that a command works on: the one that DATABASE_URL names, or the embedded one of a data folder."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import quote, urlunsplit

from notechondria_cli.credentials import Credentials
from notechondria_cli.errors import StackError
from notechondria_cli.layout import Layout
from notechondria_cli.preflight import check_folder
from notechondria_cli.state import Lock
from notechondria_shared.core.web_addresses import urlsplit


class IdleDatabase(Protocol):
    """The database of a stack of which nothing else runs."""

    @property
    def admin_database_url(self) -> str:
        """Its address, as a role that may create roles and schemas."""
        ...

    @property
    def role_passwords(self) -> Mapping[str, str]:
        """The password of each service's role."""
        ...

    def database_url(self, role: str) -> str:
        """Its address, as the role of a service."""
        ...

    def stop(self) -> None:
        """End what was started for the command."""
        ...


def with_user(url: str, user: str, password: str) -> str:
    """Return a database URL with another user; the postgres:// spelling becomes postgresql://."""
    parts = urlsplit(url)
    address = parts.netloc.rpartition("@")[2]
    scheme = "postgresql" if parts.scheme == "postgres" else parts.scheme
    return urlunsplit((scheme, f"{user}:{quote(password, safe='')}@{address}", parts.path, parts.query, ""))


@dataclass(frozen=True)
class OperatorDatabase:
    """A Postgres of the operator's own, named by DATABASE_URL."""

    admin_database_url: str
    role_passwords: Mapping[str, str]

    def database_url(self, role: str) -> str:
        """Its address, as the role of a service."""
        return with_user(self.admin_database_url, role, self.role_passwords[role])

    def stop(self) -> None:
        """Nothing was started."""


Starter = Callable[[Layout, Mapping[str, str]], IdleDatabase]
_starters: list[Starter] = []


def use_embedded(starter: Starter) -> None:
    """Have the launcher start the embedded Postgres where DATABASE_URL is not set."""
    _starters[:] = [starter]


def idle_database(layout: Layout, env: Mapping[str, str]) -> IdleDatabase:
    """Open the database of a stack that does not run, and nothing else. Raises StackError when it runs."""
    if Lock(layout.lock).is_taken():
        raise StackError(f"Notechondria is running on {layout.data}.", "Stop it first: notechondria down.")
    check_folder(layout)
    if _starters:
        return _starters[0](layout, env)
    if not (url := env.get("DATABASE_URL", "")):
        raise StackError(
            "No Postgres comes with this installation.", "Set DATABASE_URL to a role that may create roles and schemas."
        )
    return OperatorDatabase(url, Credentials.load_or_create(layout.credentials).database)
