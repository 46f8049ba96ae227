"""What may be cited: sections of docs/contract/, rows of its decisions.md, records of docs/decisions/."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CONTRACTS = ("identity", "notes", "planner", "mcp", "apps")

_HEADING = re.compile(
    r'^#{2,3} (?P<number>\d+(?:\.\d+)?)\.? (?P<title>.*?) <a id="(?P<anchor>[^"]+)"></a>$', re.MULTILINE
)
_DECISION = re.compile(r'^\| <a id="(?P<anchor>[^"]+)"></a>(?P<number>\d+) \| (?P<title>.*?) \|', re.MULTILINE)
_RECORD = re.compile(r"(?P<number>\d{4})-[a-z0-9-]+\.md")


@dataclass(frozen=True, slots=True)
class Section:
    """One thing that can be cited: `citation` is how, `page` and `anchor` say where it stands (below docs/)."""

    citation: str
    title: str
    page: str
    anchor: str

    @property
    def source(self) -> str:
        """The page's name in a citation: `notes`, `decision` or `ADR`."""
        return self.citation.partition(" ")[0]


def sections(root: Path = ROOT) -> dict[str, Section]:
    """Every citation that resolves, in the order of the pages.

    ValueError when the anchor of a section is not the one that its number demands (`5.5` -> `s5-5`, row 27 -> `d27`).
    """
    contract = root / "docs/contract"
    rows: list[Section] = []
    for name in CONTRACTS:
        for match in _HEADING.finditer((contract / f"{name}.md").read_text(encoding="utf-8")):
            number = match["number"]
            _expect(match["anchor"], f"s{number.replace('.', '-')}", name)
            rows.append(Section(f"{name} §{number}", match["title"], f"contract/{name}.md", match["anchor"]))
    for match in _DECISION.finditer((contract / "decisions.md").read_text(encoding="utf-8")):
        _expect(match["anchor"], f"d{match['number']}", "decisions")
        rows.append(Section(f"decision {match['number']}", match["title"], "contract/decisions.md", match["anchor"]))
    for file in sorted((root / "docs/decisions").glob("*.md")):
        if record := _RECORD.fullmatch(file.name):
            title = file.read_text(encoding="utf-8").partition("\n")[0].removeprefix(f"# {record['number']}. ")
            rows.append(Section(f"ADR {record['number']}", title, f"decisions/{file.name}", ""))
    by_citation = {section.citation: section for section in rows}
    if len(by_citation) != len(rows):
        raise ValueError("a number is used twice in docs/contract or docs/decisions")
    return by_citation


def _expect(anchor: str, expected: str, page: str) -> None:
    if anchor != expected:
        raise ValueError(f"{page}.md has the anchor {anchor} where {expected} belongs")
