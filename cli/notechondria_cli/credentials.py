"""Random passwords of one data folder: made on the first start, kept with mode 0600, the same ever after."""

import json
import os
import secrets
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from notechondria_cli.errors import StackError
from notechondria_cli.names import SERVICES_WITH_SCHEMA
from notechondria_contracts.services import CALLERS
from notechondria_shared.core.keys import CallTokens, SigningKey


def _token() -> str:
    # A letter first: NATS reads its configuration's variables as values, and one that starts with a digit as a number.
    return "p" + secrets.token_urlsafe(24)


@dataclass(frozen=True)
class Credentials:
    """Every secret the stack needs; ``database`` and ``nats`` are keyed by user name."""

    superuser: str
    database: dict[str, str]
    nats: dict[str, str]
    keys: dict[str, str]
    """The private key of each caller of internal endpoints."""
    secret_key: str
    admin_password: str

    @property
    def public_keys(self) -> str:
        """The public keys of all callers, as SERVICE_PUBLIC_KEYS has them."""
        return ",".join(f"{name}:{SigningKey(key).public}" for name, key in self.keys.items())

    def calls(self, caller: str) -> CallTokens:
        """What a caller shows to the services."""
        return CallTokens(caller, SigningKey(self.keys[caller]))

    @classmethod
    def load_or_create(cls, path: Path) -> "Credentials":
        """Read the file, add what a newer version needs, write it back when it changed."""
        known = _read(path)
        credentials = cls(
            superuser=_text(known, "superuser", _token),
            database=_group(known, "database", SERVICES_WITH_SCHEMA),
            nats=_group(known, "nats", (*SERVICES_WITH_SCHEMA, "admin", "system")),
            keys=_group(known, "keys", CALLERS, SigningKey.generate),
            secret_key=_text(known, "secret_key", lambda: secrets.token_urlsafe(48)),
            admin_password=_text(known, "admin_password", lambda: secrets.token_urlsafe(12)),
        )
        if asdict(credentials) != known:
            _write(path, asdict(credentials))
        return credentials


def _read(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError:
        content = None
    if not isinstance(content, dict):
        raise StackError(
            f"{path} is damaged, and without it the database cannot be opened.", "Put a copy of the file back."
        )
    return content


def _text(known: dict[str, object], key: str, make: Callable[[], str]) -> str:
    value = known.get(key)
    return value if isinstance(value, str) and value else make()


def _group(
    known: dict[str, object], key: str, names: tuple[str, ...], make: Callable[[], str] = _token
) -> dict[str, str]:
    group = known.get(key)
    values = group if isinstance(group, dict) else {}
    return {name: _text(values, name, make) for name in names}


def _write(path: Path, content: dict[str, object]) -> None:
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(content, file, indent=2)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
