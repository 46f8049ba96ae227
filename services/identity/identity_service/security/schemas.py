"""Bodies of password reset, password change and e-mail change (identity §8)."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel

from identity_service.accounts.schemas import Address, CodeText, Delivery, NewPassword, Password
from identity_service.passwords import MAX_LENGTH
from identity_service.sessions.schemas import SessionBlock
from notechondria_shared.fields import Text
from notechondria_shared.http import Body


class RequestReset(Body):
    """`POST /auth/password-reset/` (identity §8.1)."""

    email: Address


class ConfirmReset(Body):
    """`POST /auth/password-reset/confirm/` (identity §8.2): no composition rule here."""

    email: Address
    code: CodeText
    password: Annotated[str, Text(min_length=8, max_length=MAX_LENGTH)]


class ChangePassword(Body):
    """`POST /auth/change-password/` (identity §8.4)."""

    current_password: Password
    new_password: NewPassword
    identity_code: CodeText


class RequestEmailChange(Body):
    """Step 1 of `POST /auth/change-email/` (identity §8.5)."""

    new_email: Address
    identity_code: CodeText


class ConfirmEmailChange(Body):
    """Step 2 of `POST /auth/change-email/` (identity §8.5)."""

    new_email: Address
    code: CodeText


class Message(BaseModel):
    """A sentence for the user."""

    message: str


class DeliveryTo(Delivery):
    """A code's mail and its address."""

    email: str


class IdentityCode(Delivery):
    """The identity code's mail; the address is masked."""

    masked_email: str


class PasswordChanged(Message):
    """The new session that goes on after a password change."""

    token: str
    session: SessionBlock


class EmailChanged(Message):
    """The new address."""

    email: str
