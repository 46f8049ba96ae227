"""Events published by identity."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from notechondria_contracts.events.event import IntegrationEvent


class UserState(IntegrationEvent):
    """What other services keep of an account."""

    personal: ClassVar[Mapping[str, str]] = {"username": "", "image_path": "", "timezone": ""}
    user_id: int
    username: str
    image_path: str
    """Path of the profile picture below /media/."""
    editor_mode: str
    is_active: bool
    timezone: str = ""
    """The person's zone in the IANA database; empty while it is not known."""

    @property
    def aggregate(self) -> str:
        return f"users/{self.user_id}"


class UserActivated(UserState):
    """An account may sign in from now on: its e-mail was verified, or a provider vouched for it."""

    subject: ClassVar[str] = "identity.user.activated"


class UserUpdated(UserState):
    """Name, picture, editor mode, time zone or the disabled flag of an account changed."""

    subject: ClassVar[str] = "identity.user.updated"


class UserDeleted(IntegrationEvent):
    """An account is gone; everything of it goes, files too."""

    subject: ClassVar[str] = "identity.user.deleted"
    user_id: int

    @property
    def aggregate(self) -> str:
        return f"users/{self.user_id}"


class SessionRevoked(IntegrationEvent):
    """Sessions ended: whoever cached their introspection drops it. Digests are SHA-256 of the tokens."""

    subject: ClassVar[str] = "identity.session.revoked"
    user_id: int
    digests: list[str]

    @property
    def aggregate(self) -> str:
        return f"users/{self.user_id}"


class ApiKeyRotated(IntegrationEvent):
    """API keys ended: whoever cached their introspection drops it. Digests are SHA-256 of the keys."""

    subject: ClassVar[str] = "identity.api_key.rotated"
    user_id: int
    digests: list[str]

    @property
    def aggregate(self) -> str:
        return f"users/{self.user_id}"


class AccessTokenRevoked(IntegrationEvent):
    """Access tokens of programs ended: whoever cached their introspection drops it. Digests are their SHA-256."""

    subject: ClassVar[str] = "identity.access_token.revoked"
    user_id: int
    digests: list[str]

    @property
    def aggregate(self) -> str:
        return f"users/{self.user_id}"
