"""The commands of the README's first page work as they stand there."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from notechondria_launcher.stack import Stack
from tests.support.client import Api

README = (Path(__file__).resolve().parents[1] / "README.md").read_text(encoding="utf-8")


def test_a_person_signs_up_and_writes_by_curl(stack: Stack, api: Api) -> None:
    (block,) = [text for text in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) if "auth/register/" in text]
    assert api.get("ping/").status_code == 200
    # Here the stack is elsewhere, and its log too; nothing else differs.
    script = block.replace("http://localhost:8080", stack.url).replace(".data/logs", str(stack.layout.logs))
    done = subprocess.run(
        ["/bin/sh", "-euc", script],
        env={"PATH": os.environ["PATH"], "NO_PROXY": "*"}, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert '"title":"Hello"' in done.stdout.replace(" ", "")
