"""What was imported, what was there already, and what was left out and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from pydantic import JsonValue, TypeAdapter

from notechondria_shared.django_import.rows import DjangoRow

FILES = "files"
_EXAMPLES = 20


@dataclass(slots=True)
class Kind:
    """Counts of one kind: `read` = `written` + `present` + `skipped`; `changed` ones came with a difference."""

    read: int = 0
    written: int = 0
    present: int = 0
    skipped: int = 0
    changed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)

    def add(self, other: Kind) -> None:
        """Count what another service imported of this kind."""
        self.read += other.read
        self.written += other.written
        self.present += other.present
        self.skipped += other.skipped
        self.changed += other.changed
        self.reasons.update(other.reasons)
        self.examples = [*self.examples, *other.examples][:_EXAMPLES]

    def explain(self, identifier: object, reason: str) -> None:
        """Count a reason, and keep the first rows it applies to as examples."""
        self.reasons[reason] += 1
        if len(self.examples) < _EXAMPLES:
            self.examples.append(f"{identifier}: {reason}")


@dataclass(slots=True)
class Report:
    """All kinds, in the order in which they were imported."""

    dry_run: bool = False
    kinds: dict[str, Kind] = field(default_factory=dict)

    def of(self, kind: str) -> Kind:
        """Return the counts of a kind."""
        return self.kinds.setdefault(kind, Kind())

    def skip(self, kind: str, identifier: object, reason: str) -> None:
        """Count a row that is left out."""
        counts = self.of(kind)
        counts.skipped += 1
        counts.explain(identifier, reason)

    def change(self, kind: str, identifier: object, reason: str) -> None:
        """Count a row that is imported with a difference."""
        counts = self.of(kind)
        counts.changed += 1
        counts.explain(identifier, reason)

    def counted(self, kind: str, rows: Iterator[DjangoRow]) -> Iterator[DjangoRow]:
        """Pass rows on and count them as read."""
        counts = self.of(kind)
        for row in rows:
            counts.read += 1
            yield row

    def add(self, other: Report) -> None:
        """Add the report of another service. Several services have files: these stay the last kind."""
        for name, kind in other.kinds.items():
            self.of(name).add(kind)
        if files := self.kinds.pop(FILES, None):
            self.kinds[FILES] = files

    def as_json(self) -> JsonValue:
        """Return it for programs: `{"dry_run", "kinds": {name: counts}}`."""
        plain: JsonValue = TypeAdapter(Report).dump_python(self, mode="json")
        return plain
