"""Changing a row only while it is as it was seen, for calls between services.

Apps know no such condition: their last write wins (notes §5.7). A service that acts later on what it saw earlier, as
taking a call back does, sends the values it saw in a header beside its assertion. The caller of the request carries
them (`Caller.precondition`), routes pass them on, and the rule compares them with the row it has locked, so that no
change slips in between.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field

from notechondria_shared.core.errors import BadRequest, PreconditionFailed

PRECONDITION_HEADER = "X-Internal-Expected"
"""A JSON object: fields of the row, as REST shows them."""


@dataclass(frozen=True, slots=True)
class Precondition:
    """The values that a row must still have when it is changed; without values it always holds."""

    expected: Mapping[str, object] = field(default_factory=dict)

    @classmethod
    def of_header(cls, header: str | None) -> Precondition:
        """What the header asks for; 400 when it is no JSON object. Only for callers with a verified assertion."""
        if header is None:
            return UNCONDITIONAL
        try:
            values = json.loads(header)
        except (ValueError, RecursionError):
            values = None
        if not isinstance(values, dict):
            raise BadRequest(f"{PRECONDITION_HEADER}: a JSON object is expected.")
        return cls(values)

    def check(self, present: Mapping[str, object]) -> None:
        """412 when a field of the locked row is not as the request expects it.

        To be called once in a request, after its first lock: later differences are its own changes. Fields that
        `present` does not name are not compared.
        """
        known = {name: value for name, value in self.expected.items() if name in present}
        if changed := changed_fields(present, known):
            raise PreconditionFailed(f"it has been changed since ({', '.join(changed)}).")


UNCONDITIONAL = Precondition()
"""For changes that depend on nothing: those of apps, of staff and of jobs."""


def changed_fields(present: Mapping[str, object], expected: Mapping[str, object]) -> list[str]:
    """The names of expected values that no longer hold; null and empty are the same."""
    return [name for name, value in expected.items() if (present.get(name) or None) != (value or None)]


def precondition_header(values: Mapping[str, object]) -> dict[str, str]:
    """The header that makes a change depend on these values."""
    return {PRECONDITION_HEADER: json.dumps(values)}
