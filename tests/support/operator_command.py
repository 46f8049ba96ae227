"""The operator's commands, run as an operator runs them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from typing import Any

from notechondria_launcher.stack import Stack


def operator_command(stack: Stack) -> Callable[..., Any]:
    """`run("users", "--search", "x")`: what a command answers with `--json`; its whole output when it must fail.

    `code` is the exit code that it must have.
    """

    def run(*arguments: str, code: int = 0) -> Any:
        call = [sys.executable, "-m", "notechondria_launcher", *arguments, "--data", str(stack.data), "--json"]
        done = subprocess.run(call, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout) if code == 0 else done.stdout + done.stderr

    return run
