"""Taking calls back through the REST of the other services: the checks first, then the steps."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field

from mcp_service.calls.journal import Check, Undo
from mcp_service.upstream.client import JsonObject, Refused, UserServices
from notechondria_shared.auth.precondition import changed_fields
from notechondria_shared.core.errors import Conflict, DetailError, Unavailable

CHANGED = "Not taken back: Mcp.Calls/undo — {thing} has been changed since ({what})."
GONE = "Not taken back: Mcp.Calls/undo — {thing} is no longer there."
ALL = "what the call was about"
SLOW = "Not known to be taken back: Mcp.Calls/undo — no answer in time; look before you try again."
SECONDS = 17
"""For all checks and steps together: less than a tool may take."""
SIDE_BY_SIDE = 4
"""Rows of a preview that are read at the same time."""
Row = tuple[str, str, int | None]


def _row(check: Check) -> Row:
    return check.service, check.path, check.row


@dataclass(slots=True)
class Chain:
    """Calls that are taken back together, the newest first.

    Taking the newer one back leaves the row other than the older one left it: a note's time of the last edit is a new
    one. The older one may follow all the same when nobody changed the row between the two calls, which the newer one
    noted, and nobody has changed it since.
    """

    _left: dict[Row, tuple[JsonObject, JsonObject]] = field(default_factory=dict)
    """Of each row: what it was like between the two calls, and what it is like now."""

    def adjusted(self, undo: Undo) -> Undo:
        """With the values of now in the checks that follow on."""
        return undo.model_copy(update={"checks": [self._adjusted(check) for check in undo.checks]})

    def _adjusted(self, check: Check) -> Check:
        between, present = self._left.get(_row(check), ({}, {}))
        return check.model_copy(update={"equals": present}) if between == check.equals else check

    async def follow(self, services: UserServices, undo: Undo) -> None:
        """Note what taking back left."""
        for check in undo.before:
            row = await read_row(services, check)
            if row is not None:
                self._left[_row(check)] = (check.equals, {name: row.get(name) for name in check.equals})


async def take_back(services: UserServices, undo: Undo, chain: Chain | None = None) -> None:
    """Run checks and steps; 409 with the reason, 503 when a service does not answer."""
    if chain is not None:
        undo = chain.adjusted(undo)
    try:
        async with asyncio.timeout(SECONDS):
            for check in undo.checks:
                _compare(await _row_or_none(services, check), check, undo)
            for step in undo.steps:
                body = None if step.method == "DELETE" else step.body or {}
                expected = undo.expected(step)
                await services.named(step.service).send(step.method, step.path, body=body, expected=expected)
            if chain is not None:
                await chain.follow(services, undo)
    except TimeoutError:
        raise Unavailable(SLOW) from None
    except Refused as refusal:
        raise _refused(refusal) from None


def _refused(refusal: Refused) -> DetailError:
    if refusal.status == 404:
        return Conflict(GONE.format(thing=ALL))
    text = f"Not taken back: Mcp.Calls/undo — {refusal.cause}"
    return Unavailable(text) if refusal.kind == "Unavailable" else Conflict(text)


async def read_row(services: UserServices, check: Check) -> JsonObject | None:
    """What a check is about, as it is now; None when it is not in its list any more."""
    service = services.named(check.service)
    if check.row is None:
        return await service.get(check.path)
    return next((row for row in await service.rows(check.path) if row["id"] == check.row), None)


async def _row_or_none(services: UserServices, check: Check) -> JsonObject | None:
    try:
        return await read_row(services, check)
    except Refused as refusal:
        if refusal.status == 404:
            return None
        raise


def _compare(row: JsonObject | None, check: Check, undo: Undo) -> None:
    if row is None:
        raise Conflict(GONE.format(thing=_thing(check, undo) or ALL))
    if changed := changed_fields(row, check.equals):
        raise Conflict(CHANGED.format(thing=_thing(check, undo) or "it", what=", ".join(changed)))


def _thing(check: Check, undo: Undo) -> str:
    """Which of several things, where a call was about several notes."""
    kind, _, number = check.path.strip("/").partition("/")
    return f"note {number}" if len(undo.checks) > 1 and kind == "notes" and number.isdigit() else ""


async def foresee(services: UserServices, undos: Sequence[Undo]) -> list[str]:
    """Of calls that would be taken back in this order, why each would not be; "" where nothing is against it."""
    limit = asyncio.Semaphore(SIDE_BY_SIDE)
    checks = {_row(check): check for undo in undos for check in undo.checks}

    async def read(check: Check) -> JsonObject | DetailError | None:
        async with limit:
            try:
                return await _row_or_none(services, check)
            except Refused as refusal:
                return _refused(refusal)

    present = dict(zip(checks, await asyncio.gather(*map(read, checks.values())), strict=True))
    between: dict[Row, JsonObject] = {}
    return [_foreseen(undo, present, between) for undo in undos]


def _foreseen(undo: Undo, present: dict[Row, JsonObject | DetailError | None], between: dict[Row, JsonObject]) -> str:
    try:
        for check in undo.checks:
            if between.get(_row(check)) == check.equals:
                continue
            row = present[_row(check)]
            if isinstance(row, DetailError):
                raise row
            _compare(row, check, undo)
    except DetailError as refusal:
        return refusal.detail
    between.update({_row(check): check.equals for check in undo.before})
    return ""
