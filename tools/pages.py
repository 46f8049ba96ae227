"""What the generators of pages have in common."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable

from tools.contract_sections import ROOT


def first_sentence(docstring: str | None) -> str:
    """The first sentence of a docstring in one line, fit for a cell of a table; empty without one."""
    paragraph = " ".join((docstring or "").split("\n\n")[0].split())
    return re.split(r"(?<=[.!?]) (?=[A-Z`])", paragraph)[0].replace("|", r"\|")


def main(page: str, text: Callable[[], str]) -> None:
    """Write the page, or with `--check` exit with 1 when it would change."""
    file, new = ROOT / page, text()
    if "--check" not in sys.argv[1:]:
        file.write_text(new, encoding="utf-8")
    elif not file.exists() or file.read_text(encoding="utf-8") != new:
        sys.exit(f"{page} is not what the code says: run `make docs`")
