"""Times as the person has them: in their own zone (decision 57), which tools for newer clients read and write."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from zoneinfo import ZoneInfo

from pydantic import JsonValue

from mcp_service.upstream.client import JsonObject, Refused, UserClient
from notechondria_contracts.fields.rules import parse_datetime
from notechondria_shared.core.timestamps import now
from notechondria_shared.core.zones import UTC_ZONE, zone_named

_CLOCK = re.compile(
    r"(?:[01]\d|2[0-3])(?::?[0-5]\d(?::?[0-5]\d(?:[.,]\d+)?)?)?(?:Z|[+-]\d[\d:.]*)?", re.ASCII | re.IGNORECASE
)
"""A time of day. Python 3.14 reads 24:00 too, as that of the next day, which REST does not; those before read past a
part too many (`09:00:00:00`)."""


def zone_in(settings: JsonObject) -> ZoneInfo:
    """The zone of the settings object; UTC where there is none, as for the contract's days."""
    name = settings.get("timezone")
    return zone_named(name if isinstance(name, str) else None)


async def zone_of(identity: UserClient) -> ZoneInfo:
    """The person's zone; UTC where a program may not read the profile, or identity is away."""
    try:
        return zone_in(await identity.get("settings/"))
    except Refused:
        return UTC_ZONE


def here(zone: ZoneInfo) -> datetime:
    """The present time in a zone, to the second."""
    return now().astimezone(zone).replace(microsecond=0)


def local_day(zone: ZoneInfo) -> date:
    """The day that it is in a zone."""
    return here(zone).date()


def day_in(text: str) -> date | None:
    """The day of a text as REST reads dates, `2026-6-1` too; None: it is no date."""
    at = parse_datetime(f"{text.strip()}T00:00")
    return None if at is None else at.date()


def placed(body: JsonObject, fields: Sequence[str], zone: ZoneInfo) -> JsonObject:
    """The body with date-times that name no offset taken as the person's own; what is no date-time stays."""
    return {**body, **{name: _with_offset(body[name], zone) for name in fields if name in body}}


def _with_offset(value: JsonValue, zone: ZoneInfo) -> JsonValue:
    if not isinstance(value, str) or len(value.strip()) <= len("2031-05-09"):
        return value
    text = value.strip()
    try:
        at = datetime.fromisoformat(text if _CLOCK.fullmatch(text.upper().replace(" ", "T").partition("T")[2]) else "")
    except ValueError:
        # What REST reads beyond that, `2026-06-01T9:00` for instance, it would take as UTC.
        clock = None if parse_datetime(f"{text}Z") is None else parse_datetime(text)
        if clock is None:
            return value
        at = clock.replace(tzinfo=None)
    return at.replace(tzinfo=zone).isoformat() if at.tzinfo is None else value
