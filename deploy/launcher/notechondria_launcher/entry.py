"""Where the ``notechondria`` command begins: files of a newer version may need what is not installed yet."""

import json
import sys
from importlib import import_module

from notechondria_cli.layout import Layout, default_data_folder


def main() -> None:
    """Run the command, or say in a sentence why it cannot be loaded."""
    try:
        module = import_module("notechondria_launcher.cli")
    except ModuleNotFoundError as error:
        sys.stderr.write(f"The files here are newer than what is installed ({error}). {_remedy()}\n")
        sys.exit(1)
    module.main()


def _remedy() -> str:
    """Return what to do; by hand where a stack runs, for the command that stops it cannot be loaded."""
    try:
        state = json.loads(Layout(default_data_folder()).state.read_text(encoding="utf-8"))
        stop = f"Stop what runs (kill {int(state['supervisor']['pid'])}), copy the data folder, then: "
    except (OSError, ValueError, KeyError, TypeError):
        stop = "Install it: "
    return f"{stop}make up."
