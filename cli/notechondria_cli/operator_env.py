"""The operator's settings: the environment, and below it the project's .env file."""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from notechondria_cli.errors import StackError
from notechondria_cli.layout import PROJECT
from notechondria_shared.core.flags import TRUE_WORDS


def read_env_file(path: Path) -> dict[str, str]:
    """Return the KEY=value lines of a file; quotes around a value and ``export`` before a key are taken off."""
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()  # some editors put a mark in front
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise StackError(f"{path} cannot be read ({error}).", "Give a text file in UTF-8, or none.") from error
    values = {}
    for raw in lines:
        line = raw.strip().removeprefix("export ").strip()
        name, separator, value = line.partition("=")
        if not separator or line.startswith("#"):
            continue
        quoted = re.fullmatch(r"""\s*(["'])(.*?)\1\s*(\s#.*)?""", value)
        values[name.strip()] = quoted[2] if quoted else re.split(r"\s#", value, maxsplit=1)[0].strip()
    return values


def whole_number(env: Mapping[str, str], name: str, default: int, highest: int) -> int:
    """Return a variable that must be a whole number from 0 on; raises StackError for anything else."""
    text = env.get(name, "").strip() or str(default)
    if not text.isdecimal() or int(text) > highest:
        raise StackError(f"{name}={text} is not a whole number from 0 to {highest}.", "Correct it, or leave it out.")
    return int(text)


def is_on(env: Mapping[str, str], name: str) -> bool:
    """Return whether a variable says yes, as the services read it."""
    return env.get(name, "").strip().lower() in TRUE_WORDS


def gateway_port(env: Mapping[str, str]) -> int:
    """Return the gateway's port as the environment has it."""
    return whole_number(env, "NOTECHONDRIA_PORT", 8080, 65_535)


def nats_replicas(env: Mapping[str, str]) -> int:
    """Return how many servers of the bus keep each event."""
    return whole_number(env, "NATS_REPLICAS", 1, 5) or 1


def operator_environment() -> dict[str, str]:
    """Return the environment with what .env adds; a variable that is set wins over the file."""
    return {**read_env_file(PROJECT / ".env"), **os.environ}
