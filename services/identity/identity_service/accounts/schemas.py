"""Bodies of registration, verification and sign-in (identity §7)."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import BaseModel

from identity_service.fields import Address
from identity_service.names.service import form_problem
from identity_service.passwords import MAX_LENGTH, composition_problem
from identity_service.sessions.schemas import SessionBlock
from notechondria_contracts.fields import Text
from notechondria_shared.web.body import SmallBody, example


def _username_problem(text: str) -> str | None:
    if not re.fullmatch(r"[A-Za-z0-9_-]+", text):
        return "Only letters, digits, hyphens and underscores are allowed."
    problem = form_problem(text)
    return f"Registration refused: Backend.Creators.Auth/register.validate_username — {problem}" if problem else None


Username = Annotated[str, Text(min_length=3, max_length=150, check=_username_problem)]
NewPassword = Annotated[str, Text(min_length=8, max_length=MAX_LENGTH, check=composition_problem)]
Password = Annotated[str, Text(max_length=MAX_LENGTH)]
CodeText = Annotated[str, Text(max_length=64)]


class Claim(SmallBody):
    """What a registration lays claim to; "" where nothing usable was given."""

    username: Username = ""
    email: Address = ""
    invitation_code: Annotated[str, Text(blank=True, max_length=256)] = ""


class Register(Claim):
    """`POST /auth/register/` (identity §7.1)."""

    model_config = example(username="sam", email="sam@example.org", password="Correct-horse-7")  # noqa: S106 - an example

    username: Username
    email: Address
    password: NewPassword


class OwnPassword(SmallBody):
    """The password of who is signed in, entered again."""

    password: Password


class VerifyEmail(SmallBody):
    """`POST /auth/verify-email/` (identity §7.3)."""

    model_config = example(email="sam@example.org", code="042137")

    email: Address
    code: CodeText


class ResendVerification(SmallBody):
    """`POST /auth/resend-verification/` (identity §7.4)."""

    model_config = example(email="sam@example.org")

    email: Address


class Login(SmallBody):
    """`POST /auth/login/` (identity §7.5): `email` also takes a user name; `identifier` wins over it."""

    model_config = example(email="sam@example.org", password="Correct-horse-7")  # noqa: S106 - an example

    email: Annotated[str, Text(max_length=254)] = ""
    identifier: Annotated[str, Text(max_length=254)] = ""
    password: Password


class DeleteAccount(SmallBody):
    """`DELETE /auth/account/`: the password confirms it; where there is none, see decision 51."""

    model_config = example(password="Correct-horse-7")  # noqa: S106 - an example

    password: Password = ""
    identity_code: CodeText = ""


class Delivery(BaseModel):
    """What became of a code's mail."""

    message: str
    delivery_fallback: bool


class RegisterAnswer(Delivery):
    """201 of registration."""

    email: str


class UserObject(BaseModel):
    """The user inside an AuthPayload (identity §5.1)."""

    id: int
    email: str
    username: str
    first_name: str
    last_name: str
    display_name: str
    is_staff: bool
    is_superuser: bool
    motto: str
    social_link: str
    image_url: str
    editor_mode: str
    theme_preset: str
    theme_mode: str
    api_base_url: str
    app_settings: dict[str, object]
    app_settings_updated_at: str | None


AUTH_EXAMPLE: dict[str, object] = {
    "token": "5d41c8f07ab34e2f9c61d2b7e8a90f3344556677",
    "session": {
        "id": 12,
        "device_label": "Android device",
        "created_at": "2026-11-02T08:30:00.500000+00:00",
        "last_seen_at": "2026-11-02T08:30:00.500000+00:00",
    },
    "multi_device": True,
    "other_sessions_count": 1,
    "user": {
        "id": 3,
        "email": "sam@example.org",
        "username": "sam",
        "first_name": "Sam",
        "last_name": "Rivers",
        "display_name": "Sam Rivers",
        "is_staff": False,
        "is_superuser": False,
        "motto": "",
        "social_link": "",
        "image_url": "https://notes.example.org/media/user_upload/user_3/profile_pic/profile_latest.png",
        "editor_mode": "P",
        "theme_preset": "teal",
        "theme_mode": "S",
        "api_base_url": "https://notes.example.org/api/v1",
        "app_settings": {
            "theme_preset": "teal",
            "theme_mode": "S",
            "api_base_url": "https://notes.example.org/api/v1",
        },
        "app_settings_updated_at": None,
    },
}


class AuthPayload(BaseModel):
    """A signed-in session (identity §5.2)."""

    model_config = example(**AUTH_EXAMPLE)

    token: str
    session: SessionBlock
    multi_device: bool
    other_sessions_count: int
    user: UserObject


class Authenticated(AuthPayload):
    """The probe of a live session (identity §7.6)."""

    model_config = example(**AUTH_EXAMPLE, authenticated=True)

    authenticated: Literal[True] = True


class NotAuthenticated(BaseModel):
    """The probe of anything else (identity §7.6)."""

    model_config = example(authenticated=False)

    authenticated: Literal[False] = False
