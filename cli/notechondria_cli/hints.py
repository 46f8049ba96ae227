"""Commands that messages name, as the person at this terminal types them: with the data folder, by a path."""

import re
import shlex
import shutil
import sys
from functools import cache, partial
from pathlib import Path

from notechondria_cli.layout import default_data_folder, shown
from notechondria_cli.operator_env import operator_environment

_GROUPS = "users|staff|invitations|events|mail|service"
_SINGLE = "up|down|restart|scale|status|reset|upgrade|logs|doctor|top|code|backup|restore|import-django"
_COMMAND = re.compile(
    rf"(?<![\w./-])notechondria ((?:events dead-letters [a-z]+|(?:{_GROUPS}) [a-z-]+|(?:{_SINGLE})\b)"
    r"(?: --(?:part|port) \w+)?)( --data)?"
)
_MAKE = re.compile(r"\bmake (up|down|status|doctor|logs|reset|upgrade)\b(?: PORT=(\d+))?")
_EITHER = re.compile(r"\bmake up(?: PORT=\d+)? \(or (notechondria up(?: --port \d+)?)\)")
_chosen: list[Path] = []


def choose(folder: Path | None) -> Path | None:
    """Keep the folder of ``--data``: every command that is named from now on is about that one."""
    _chosen[:] = [folder.expanduser().absolute()] if folder else []
    return folder


def typed(text: str) -> str:
    """Return a message with its commands as they work here: ``make up`` is about the usual data folder only."""
    data = ""
    if _chosen and _chosen[0] != default_data_folder(operator_environment()):
        data = f" --data {shlex.quote(shown(_chosen[0]))}"
        text = _EITHER.sub(r"\1", text)
        text = _MAKE.sub(_without_make, text)
    return _COMMAND.sub(partial(_completed, data), text)


def _without_make(match: re.Match[str]) -> str:
    return f"notechondria {match[1]}" + (f" --port {match[2]}" if match[2] else "")


def _completed(data: str, match: re.Match[str]) -> str:
    return f"{_program()} {match[1]}{match[2] or data}"


@cache
def _program() -> str:
    """Return what to type for this command: its name where the shell has it, else its path."""
    here = Path(sys.executable).with_name("notechondria")
    known = shutil.which("notechondria")
    if not here.is_file() or (known and Path(known).resolve() == here.resolve()):
        return "notechondria"
    return shlex.quote(shown(here))
