"""Bodies of registration, verification and sign-in (identity §7)."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel

from identity_service.passwords import MAX_LENGTH, composition_problem
from notechondria_shared.fields import Email, Text
from notechondria_shared.http import Body


def _username_problem(text: str) -> str | None:
    return (
        None if re.fullmatch(r"[A-Za-z0-9_-]+", text) else "Only letters, digits, hyphens and underscores are allowed."
    )


Username = Annotated[str, Text(min_length=3, max_length=150, check=_username_problem)]
NewPassword = Annotated[str, Text(min_length=8, max_length=MAX_LENGTH, check=composition_problem)]
Password = Annotated[str, Text(max_length=MAX_LENGTH)]
Address = Annotated[str, Email()]
CodeText = Annotated[str, Text(max_length=64)]


class Register(Body):
    """`POST /auth/register/` (identity §7.1)."""

    username: Username
    email: Address
    password: NewPassword
    invitation_code: Annotated[str, Text(blank=True, max_length=256)] = ""


class VerifyEmail(Body):
    """`POST /auth/verify-email/` (identity §7.3)."""

    email: Address
    code: CodeText


class ResendVerification(Body):
    """`POST /auth/resend-verification/` (identity §7.4)."""

    email: Address


class Login(Body):
    """`POST /auth/login/` (identity §7.5): `email` also takes a user name; `identifier` wins over it."""

    email: Annotated[str, Text(max_length=254)] = ""
    identifier: Annotated[str, Text(max_length=254)] = ""
    password: Password


class DeleteAccount(Body):
    """`DELETE /auth/account/`: the password confirms it."""

    password: Password


class Delivery(BaseModel):
    """What became of a code's mail."""

    message: str
    delivery_fallback: bool


class RegisterAnswer(Delivery):
    """201 of registration."""

    email: str
