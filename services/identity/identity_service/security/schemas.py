"""Bodies of password reset, password change and e-mail change (identity §8)."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import BaseModel, ConfigDict

from identity_service.accounts.schemas import CodeText, Delivery, NewPassword, Password
from identity_service.fields import Address
from identity_service.passwords import MAX_LENGTH
from identity_service.sessions.schemas import SessionBlock
from notechondria_contracts.fields import Boolean, Text
from notechondria_shared.web.body import SmallBody, example


class RequestReset(SmallBody):
    """`POST /auth/password-reset/` (identity §8.1)."""

    model_config = example(email="sam@example.org")

    email: Address


class ConfirmReset(SmallBody):
    """`POST /auth/password-reset/confirm/` (identity §8.2): no composition rule here."""

    model_config = example(email="sam@example.org", code="042137", password="a new long one")  # noqa: S106 - an example

    email: Address
    code: CodeText
    password: Annotated[str, Text(min_length=8, max_length=MAX_LENGTH)]


class ChangePassword(SmallBody):
    """`POST /auth/change-password/` (identity §8.4)."""

    plain_text: ClassVar[bool] = True
    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"current_password": "Correct-horse-7", "new_password": "Better-horse-8", "identity_code": "042137"}
            ]
        }
    )

    current_password: Password
    new_password: NewPassword
    identity_code: CodeText
    revoke_api_keys: Annotated[bool, Boolean()] = False
    """End the account's API keys too."""


class NewAddress(SmallBody):
    """The address of step 1; "" when none that can be used was given."""

    new_email: Address = ""


class RequestEmailChange(SmallBody):
    """Step 1 of `POST /auth/change-email/` (identity §8.5)."""

    model_config = example(new_email="sam@new.example.org", identity_code="042137")

    new_email: Address
    identity_code: CodeText


class ConfirmEmailChange(SmallBody):
    """Step 2 of `POST /auth/change-email/` (identity §8.5)."""

    model_config = example(new_email="sam@new.example.org", code="271828")

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
