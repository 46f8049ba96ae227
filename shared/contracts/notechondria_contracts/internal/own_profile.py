"""What identity offers the pages on which people see and change who they are here."""

from __future__ import annotations

from pydantic import BaseModel

from notechondria_contracts.internal.people import OwnAction

PROFILE_PATH = "/internal/people/profile"
LINKS_PATH = "/internal/people/links"


class OwnProfile(BaseModel):
    """Who a person is here, and how they sign in."""

    username: str
    first_name: str
    last_name: str
    display_name: str
    motto: str
    social_link: str
    email: str
    is_proved: bool
    """Whether the person reads mail to that address."""
    timezone: str
    image_path: str
    has_password: bool
    has_factor: bool
    providers: list[str]
    date_joined: str


class ProfileChange(BaseModel):
    """`PATCH /settings/`: what a person says of themselves."""

    username: str
    first_name: str
    last_name: str
    display_name: str
    motto: str
    social_link: str
    timezone: str


class ZoneChange(BaseModel):
    """`PATCH /settings/`: where a person's times are."""

    timezone: str


class NewAddress(OwnAction):
    """The address that an account is to have."""

    new_email: str


class AddressAsked(BaseModel):
    """Whether the code was mailed."""

    sent: bool


class AddressCode(NewAddress):
    """The code that was mailed there."""

    code: str


class Farewell(OwnAction):
    """The user name, typed by who wants the account deleted."""

    username: str


class SettingsKept(BaseModel):
    """The answer of a change of the settings, of which nothing is needed."""

    username: str


class ProviderLink(OwnAction):
    """What a provider sent the browser back with, for an account that is there already."""

    provider: str
    code: str
    redirect_uri: str
