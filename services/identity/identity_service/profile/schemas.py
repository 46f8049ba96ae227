"""The settings object and its changes (identity §11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from identity_service.fields import Address
from notechondria_contracts.fields import Choice, DateTime, Json, Text
from notechondria_contracts.fields.rules import JsonSchema, Rule, json_type, refuse
from notechondria_contracts.fields.validation_messages import BAD_URL, BLANK, NOT_AN_OBJECT, NOT_TEXT, too_long
from notechondria_shared.core.web_addresses import urlsplit
from notechondria_shared.core.zones import known_zone
from notechondria_shared.web import Body
from notechondria_shared.web.body import example

BAD_ZONE = "No time zone of this name is known. Names look like Europe/Rome."


def url_problem(text: str) -> str | None:
    """The refusal of what is no absolute http(s) URL with a host; blank is fine."""
    if not text:
        return None
    try:
        parts = urlsplit(text)
        parts.port  # noqa: B018 - raises on a port that is no number
    except ValueError:
        return BAD_URL
    fine = parts.scheme.lower() in {"http", "https"} and parts.hostname and not any(c.isspace() for c in text)
    return None if fine else BAD_URL


@dataclass(frozen=True, slots=True)
class AppVersions(Rule):
    """An object app -> version, texts that are not blank (apps §6); forms send it as JSON text."""

    null: bool = False
    longest: int = 32

    def convert(self, value: object) -> dict[str, str]:
        sent = Json().convert(value)
        if not isinstance(sent, dict):
            raise refuse(NOT_AN_OBJECT.format(type=json_type(sent)))
        trimmed: dict[str, str] = {}
        for app, version in sent.items():
            if not isinstance(version, str):
                raise refuse(NOT_TEXT)
            name, number = app.strip(), version.strip()
            if not (name and number):
                raise refuse(BLANK)
            if max(len(name), len(number)) > self.longest:
                raise refuse(too_long(self.longest))
            trimmed[name] = number
        return trimmed

    def schema(self) -> JsonSchema:
        text = {"type": "string", "minLength": 1, "maxLength": self.longest}
        return {"type": "object", "propertyNames": text, "additionalProperties": text}


def zone_problem(text: str) -> str | None:
    """The refusal of what is no zone of the IANA database; blank is fine."""
    return BAD_ZONE if text and known_zone(text) is None else None


EDITOR_MODES = ("G", "B", "P")
THEME_MODES = ("S", "L", "D")

ThemePreset = Annotated[str, Text(max_length=32)]
ThemeMode = Annotated[str, Choice(THEME_MODES)]
ApiBaseUrl = Annotated[str, Text(max_length=255, check=url_problem)]


class Mirrored(Body):
    """The three settings that stand in columns and in `app_settings` alike (identity §11.2)."""

    theme_preset: ThemePreset = ""
    theme_mode: ThemeMode = "S"
    api_base_url: ApiBaseUrl = ""


class ChangeSettings(Mirrored):
    """`PATCH /settings/`: any subset (identity §11.1)."""

    model_config = example(motto="one thing at a time", app_settings={"offline_mode": True})

    username: Annotated[str, Text(max_length=150)] = ""
    first_name: Annotated[str, Text(max_length=150, blank=True)] = ""
    last_name: Annotated[str, Text(max_length=150, blank=True)] = ""
    email: Address = ""
    motto: Annotated[str, Text(max_length=100, blank=True)] = ""
    social_link: Annotated[str, Text(max_length=255, blank=True, check=url_problem)] = ""
    editor_mode: Annotated[str, Choice(EDITOR_MODES)] = "P"
    mcp_skill_md: Annotated[str, Text(blank=True)] = ""
    display_name: Annotated[str, Text(max_length=150, blank=True)] = ""
    uncategorized_folder_name: Annotated[str, Text(max_length=120, blank=True)] = ""
    timezone: Annotated[str, Text(max_length=64, blank=True, check=zone_problem)] = ""
    last_seen_versions: Annotated[dict[str, str], AppVersions()] = Field(default_factory=dict)
    app_settings: Annotated[object, Json()] = None
    app_settings_updated_at: Annotated[datetime | None, DateTime(null=True)] = None


class SettingsObject(BaseModel):
    """`GET /settings/` (identity §11.1)."""

    username: str
    first_name: str
    last_name: str
    email: str
    is_staff: bool
    is_superuser: bool
    motto: str
    social_link: str
    image_url: str
    editor_mode: str
    theme_preset: str
    theme_mode: str
    api_key_prefix: str
    api_base_url: str
    mcp_skill_md: str
    display_name: Annotated[str, Field(description="The user name while none was chosen (apps §6).")]
    uncategorized_folder_name: Annotated[str, Field(description="What notes without a course are shown under.")]
    last_seen_versions: Annotated[dict[str, str], Field(description="The newest version of each app that was seen.")]
    timezone: Annotated[str, Field(description="The person's zone in the IANA database; empty while it is not known.")]
    storage_limit_mib: Annotated[int, Field(description="What one's files may come to; 0: no limit (decision 62).")]
    casdoor_linked: Annotated[bool, Field(description="Whether the account is linked to the sign-in site (apps §3).")]
    app_settings: dict[str, object]
    app_settings_updated_at: str | None
