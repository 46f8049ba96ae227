"""Changing a thing only while it is as it was seen, for calls between services.

Apps know no such thing: their last write wins (notes §5.7). A service that acts later on what it saw earlier, as taking
a call back does, sends the values it saw in a header beside its assertion; the service that owns the row holds them
against the row it has locked, so that no change slips in between.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextvars import ContextVar

from notechondria_shared.core.errors import BadRequest, PreconditionFailed

PRECONDITION_HEADER = "X-Internal-Expected"
"""A JSON object: fields of the thing, as REST shows them."""

_expected: ContextVar[dict[str, object] | None] = ContextVar("expected", default=None)


def changed_fields(present: Mapping[str, object], expected: Mapping[str, object]) -> list[str]:
    """The names of expected values that no longer hold; null and empty are the same."""
    return [name for name, value in expected.items() if (present.get(name) or None) != (value or None)]


def precondition_header(values: Mapping[str, object]) -> dict[str, str]:
    """The header that makes a change depend on these values."""
    return {PRECONDITION_HEADER: json.dumps(values)}


def set_precondition(header: str | None) -> None:
    """Remember what the request in hand depends on. Only for callers with a verified assertion; 400 for no object."""
    if header is None:
        return
    try:
        values = json.loads(header)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise BadRequest(f"{PRECONDITION_HEADER}: a JSON object is expected.")
    _expected.set(values)


def check_precondition(present: Mapping[str, object]) -> None:
    """412 when a field of the locked row is not as the request expects it.

    Looked at once in a request, at the first lock; fields that `present` does not name are left to the caller.
    """
    values = _expected.get()
    if values is None:
        return
    _expected.set(None)
    known = {name: value for name, value in values.items() if name in present}
    if changed := changed_fields(present, known):
        raise PreconditionFailed(f"it has been changed since ({', '.join(changed)}).")
