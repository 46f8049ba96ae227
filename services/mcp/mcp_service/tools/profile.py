"""Tools on the user's profile (mcp §5.1)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mcp_service.calls.journal import Check, Step, journal
from mcp_service.tools.arguments import UNSET, given
from mcp_service.tools.registry import ToolRegistry
from mcp_service.tools.schemas import ToolResult
from mcp_service.upstream.client import Services

MODES = ("G", "B", "P")


class Profile(ToolResult):
    """The user's profile, without key material."""

    username: str
    email: str
    first_name: str
    last_name: str
    motto: str
    social_link: str
    editor_mode: str
    theme_preset: str
    theme_mode: str


class Updated(ToolResult):
    """The profile was changed."""

    updated: Literal[True] = True


def register(box: ToolRegistry, services: Services) -> None:
    """Add the tools."""

    @box.reading("Read the profile")
    async def get_profile() -> Profile:
        """Who the user is: name, address, motto, and the editor mode that new notes get (G markdown, B blocks, P
        plain text)."""
        settings = await services.identity.get("settings/")
        return Profile(**{**settings, "motto": settings["motto"] or "", "social_link": settings["social_link"] or ""})

    @box.writing("Change the profile", idempotent=True)
    async def update_profile(
        motto: Annotated[str, Field(max_length=100)] = UNSET,
        social_link: Annotated[str, Field(description="An http(s) address, or empty")] = UNSET,
        editor_mode: Annotated[
            str, Field(description="G markdown, B blocks, P plain text", json_schema_extra={"enum": list(MODES)})
        ] = UNSET,
        first_name: str = UNSET,
        last_name: str = UNSET,
    ) -> Updated:
        """Change the user's profile; only what is given changes."""
        body = given(motto=motto, social_link=social_link, first_name=first_name, last_name=last_name)
        if editor_mode in MODES:
            body["editor_mode"] = editor_mode
        if not body:
            return Updated()
        identity = services.identity
        before, after = await identity.change_seen(
            "PATCH", "settings/", lambda: identity.get("settings/"), tuple(body), json=body
        )
        journal().can_undo(
            Step(service="identity", method="PATCH", path="settings/", body={name: before[name] for name in body}),
            checks=[Check(service="identity", path="settings/", equals={name: after[name] for name in body})],
        )
        return Updated()
