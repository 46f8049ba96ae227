"""What came over, what was there already, and what did not come over and why."""

from collections import Counter
from dataclasses import dataclass, field

_EXAMPLES = 20


@dataclass
class Kind:
    """Of one kind of thing: ``read`` = ``written`` + ``present`` + ``skipped``; ``changed`` came over differently."""

    read: int = 0
    written: int = 0
    present: int = 0
    skipped: int = 0
    changed: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    examples: list[str] = field(default_factory=list)


@dataclass
class Report:
    """All kinds, in the order in which they were moved."""

    dry_run: bool = False
    kinds: dict[str, Kind] = field(default_factory=dict)

    def of(self, kind: str) -> Kind:
        """Return the counts of a kind."""
        return self.kinds.setdefault(kind, Kind())

    def skip(self, kind: str, identifier: object, reason: str) -> None:
        """Note a row that does not come over."""
        counts = self.of(kind)
        counts.skipped += 1
        self._say(counts, identifier, reason)

    def change(self, kind: str, identifier: object, reason: str) -> None:
        """Note a row that comes over differently."""
        counts = self.of(kind)
        counts.changed += 1
        self._say(counts, identifier, reason)

    def as_json(self) -> dict[str, object]:
        """Return it for programs."""
        return {
            "dry_run": self.dry_run,
            "kinds": {
                name: {
                    "read": kind.read,
                    "written": kind.written,
                    "present": kind.present,
                    "skipped": kind.skipped,
                    "changed": kind.changed,
                    "reasons": dict(kind.reasons),
                    "examples": kind.examples,
                }
                for name, kind in self.kinds.items()
            },
        }

    @staticmethod
    def _say(counts: Kind, identifier: object, reason: str) -> None:
        counts.reasons[reason] += 1
        if len(counts.examples) < _EXAMPLES:
            counts.examples.append(f"{identifier}: {reason}")
