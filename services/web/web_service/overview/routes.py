"""The overview: who one is, what takes up room, what was written, what comes next, what agents did, what to look at."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from fastapi import Request, Response

from notechondria_contracts.clients.base import ServiceUnavailable
from notechondria_contracts.internal.agents import OwnAgents
from notechondria_contracts.internal.mcp import AgentActivity
from notechondria_contracts.internal.own_notes import Storage
from notechondria_contracts.internal.own_profile import OwnProfile
from notechondria_contracts.internal.planner import PlannerOverview
from notechondria_shared.web.router import Router
from web_service.agents.pages import KnownAgents
from web_service.dependencies import State
from web_service.overview.pictures import bar, heatmap
from web_service.own_notes.pages import size_in_words
from web_service.site.pages import PageRoute, Pages
from web_service.site.person import SignedInPerson
from web_service.site.texts import text

PAGES = Pages("web_service.overview")
PAGES.add_filters(size=size_in_words)
router = Router(include_in_schema=False, route_class=PageRoute)
T = TypeVar("T")
WEEK = 7
NEARLY_FULL = 0.9
SOON = timedelta(days=14)
Warned = tuple[str, str]
"""What to look at, and where."""


async def _part(asked: Awaitable[T]) -> T | None:
    """What a service answers; None while it is away: the others are shown all the same."""
    try:
        return await asked
    except ServiceUnavailable:
        return None


@router.get("/account/")
async def show(request: Request, state: State, person: SignedInPerson) -> Response:
    """All of it, asked for at once."""
    own = person.assertions
    profile, agents, storage, planner, activity = await asyncio.gather(
        state.own_profile.profile(own["identity"]),
        state.agents.agents(own["identity"]),
        _part(state.own_notes.storage(own["notes"])),
        _part(state.planner.overview(own["planner"])),
        _part(state.mcp.activity(WEEK, own["mcp"])),
    )
    return PAGES.page(
        request,
        "overview.html",
        profile=profile,
        warnings=[*_warnings(profile, agents, planner), *_fullness(storage)],
        storage=storage,
        storage_parts=_storage_parts(storage),
        storage_bar=bar([size for _, size, _ in _storage_parts(storage)], text("storage", "label")),
        planner=planner,
        year=heatmap(planner.first_day, planner.intensities) if planner else "",
        week=None if activity is None else _week(KnownAgents(agents), activity),
    )


def _warnings(profile: OwnProfile, agents: OwnAgents, planner: PlannerOverview | None) -> list[Warned]:
    now = datetime.now(UTC)
    warned: list[Warned] = []
    if not profile.is_proved:
        warned.append((text("warnings", "address"), "/account/profile/address/"))
    if not profile.has_factor:
        warned.append((text("warnings", "factor"), "/account/security/"))
    if not profile.timezone:
        warned.append((text("warnings", "zone"), "/account/profile/"))
    warned += [
        (text("warnings", "key").format(name=key.name), f"/account/agents/keys/{key.id}/")
        for key in agents.keys
        if key.expires_at and now < datetime.fromisoformat(key.expires_at) < now + SOON
    ]
    feeds = planner.failing_feeds if planner else []
    return warned + [(text("warnings", "feed").format(name=name), "/account/calendars/") for name in feeds]


def _fullness(storage: Storage | None) -> list[Warned]:
    """Whether files soon take up all that they may."""
    if storage is None or storage.files_bytes < NEARLY_FULL * storage.files_limit or not storage.files_limit:
        return []
    used = {"used": size_in_words(storage.files_bytes), "limit": size_in_words(storage.files_limit)}
    return [(text("warnings", "full").format(**used), "/account/notes/bin/")]


def _storage_parts(storage: Storage | None) -> list[tuple[str, int, int | None]]:
    """What takes up room: its name, how much, and how many there are."""
    if storage is None:
        return []
    return [
        ("notes", storage.notes_bytes, storage.notes),
        ("files", storage.files_bytes, storage.files),
        ("versions", storage.versions_bytes, None),
        ("bin", storage.bin_bytes, storage.bin),
    ]


def _week(known: KnownAgents, activity: list[AgentActivity]) -> list[tuple[str, int, int, int]]:
    """Of each agent its calls, changes, and what was taken back; connections of a program together."""
    sums: dict[str, tuple[int, int, int]] = {}
    for one in activity:
        name = known.name(one.key_id, one.program_id, one.client)
        calls, changes, undone = sums.get(name, (0, 0, 0))
        sums[name] = (calls + one.calls, changes + one.changes, undone + one.undone)
    return [(name, *numbers) for name, numbers in sums.items()]
