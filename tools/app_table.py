"""Write the table of apps §9: what each app sends, and what it reads of the answers.

`python -m tools.app_table` after a change of the scripts in tests/apps (`make docs` does it); a test compares.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.apps.kit import Call, Script
from tests.apps.scripts import DAY
from tests.apps.shapes import NAMED, described, named

from tools.contract_sections import ROOT

PAGE = ROOT / "docs/contract/apps.md"
BEGIN, END = "<!-- apps: begin -->\n", "<!-- apps: end -->\n"
_GENERATIONS = {None: "all", "old": "to 0.1.104", "newest": "from 0.1.105"}
_KINDS = {"text": "JSON as `text/plain`", "none": "no body, no type", "multipart": "multipart"}
_DAY_OF_THE_RUN = re.compile(r"\d{4}-\d\d-\d\d")


def table() -> str:
    """The tables of all scripts, in the order of a person's day."""
    shapes = [f"| {name} | {described(shape)} |" for name, shape in NAMED.items()]
    scripts = [part for script in DAY for part in _script(script)]
    return "\n".join(["| What apps read | Keys |", "| --- | --- |", *shapes, "", *scripts])


def page() -> str:
    """The page, with its table brought up to date."""
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _script(script: Script) -> Iterator[str]:
    yield f"**{script.app}: {script.what}**\n"
    yield "| Versions | Request | Sends | Status | Reads |"
    yield "| --- | --- | --- | --- | --- |"
    for call in script.calls:
        who = "" if call.anonymous else ", signed in"
        path = call.path.replace("|", "\\|")
        path = _DAY_OF_THE_RUN.sub("YYYY-MM-DD", path)
        cells = (_GENERATIONS[call.only], f"{call.method} `{path}`{who}", _sends(call), str(call.status), _reads(call))
        yield f"| {' | '.join(cells)} |"
    yield ""


def _sends(call: Call) -> str:
    if call.kind in ("none", "multipart"):
        parts = ", ".join(f"`{name}`" for name in call.body or ())
        return _KINDS[call.kind] + (f": {parts}" if parts else "")
    if call.body is None:
        return ""
    keys = ", ".join(f"`{name}`" for name in call.body) or "`{}`"
    return f"{_KINDS[call.kind]}: {keys}" if call.kind in _KINDS else keys


def _reads(call: Call) -> str:
    parts: list[Any] = []
    if call.reads is not None:
        parts.append(named(call.reads))
    if call.contains:
        parts.append(f"looks for {json.dumps(call.contains)}")
    return "; ".join(parts)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
