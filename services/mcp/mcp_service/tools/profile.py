"""Tools on the user's profile (mcp §5.1)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from mcp_service.calls.journal import Check, Step
from mcp_service.tools.arguments import UNSET, sent
from mcp_service.tools.context import ToolCall
from mcp_service.tools.local_time import here, zone_in
from mcp_service.tools.registry import ToolRegistry
from mcp_service.tools.schemas import LATER, NullableText, ToolResult
from mcp_service.upstream.client import JsonObject

PLAIN = (
    "Who the user is: name, address, motto, and the editor mode that new notes get (G markdown, B blocks, P plain"
    " text)."
)
MODES = ("G", "B", "P")


class Profile(ToolResult):
    """The user's profile, without key material."""

    username: str
    email: str
    first_name: str
    last_name: str
    motto: NullableText
    social_link: NullableText
    editor_mode: str
    theme_preset: str
    theme_mode: str
    timezone: Annotated[str, LATER] = UNSET
    locale: Annotated[str, LATER] = UNSET
    now: Annotated[str, LATER] = UNSET


class Updated(ToolResult):
    """The profile was changed."""

    updated: Literal[True] = True


def register(registry: ToolRegistry) -> None:
    """Add the tools."""

    @registry.reading("Read the profile", plain=PLAIN)
    async def get_profile(call: ToolCall) -> Profile:
        """Who the user is: name, address, motto, the editor mode that new notes get (G markdown, B blocks, P plain
        text), the time zone, and what date and time it is there now."""
        settings = await call.identity.get("settings/")
        profile = {name: value for name, value in settings.items() if name != "timezone"}
        return Profile.model_validate(profile if call.is_plain else {**profile, **_whereabouts(settings)})

    @registry.writing("Change the profile", idempotent=True)
    async def update_profile(
        call: ToolCall,
        motto: Annotated[str, Field(max_length=100)] = UNSET,
        social_link: Annotated[str, Field(description="An http(s) address, or empty")] = UNSET,
        editor_mode: Annotated[
            str, Field(description="G markdown, B blocks, P plain text", json_schema_extra={"enum": list(MODES)})
        ] = UNSET,
        first_name: str = UNSET,
        last_name: str = UNSET,
    ) -> Updated:
        """Change the user's profile; only what is given changes."""
        body = sent(motto=motto, social_link=social_link, first_name=first_name, last_name=last_name)
        if editor_mode in MODES:
            body["editor_mode"] = editor_mode
        if not body:
            return Updated()
        before, after = await call.identity.change_seen(
            "PATCH", "settings/", lambda: call.identity.get("settings/"), tuple(body), body
        )
        call.journal.can_undo(
            Step(service="identity", method="PATCH", path="settings/", body={name: before[name] for name in body}),
            checks=[Check(service="identity", path="settings/", equals={name: after[name] for name in body})],
        )
        return Updated()


def _whereabouts(settings: JsonObject) -> JsonObject:
    """Zone (UTC while it is not known), language (of the apps' settings, empty while it is not known), time."""
    zone = zone_in(settings)
    of_apps = settings["app_settings"]
    locale = of_apps.get("locale") if isinstance(of_apps, dict) else None
    return {
        "timezone": zone.key,
        "locale": locale[:35] if isinstance(locale, str) else "",
        "now": here(zone).isoformat(),
    }
