"""Bodies of the operators' internal endpoints."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from identity_service.accounts.schemas import NewPassword, Username
from identity_service.fields import Address
from notechondria_contracts.fields import Boolean, Choice, DateTime, Integer, Text
from notechondria_shared.web.body import SmallBody


class CreateInvitation(SmallBody):
    """A new invitation; 64 hexadecimal characters are taken as an already hashed code (identity §17)."""

    code: Annotated[str, Text(max_length=256)]
    label: Annotated[str, Text(max_length=120, blank=True)] = ""
    max_uses: Annotated[int, Integer(minimum=1, maximum=1_000_000)] = 1
    expires_at: Annotated[datetime | None, DateTime(null=True)] = None


class ChangeUser(SmallBody):
    """What an operator may change of an account."""

    disabled: Annotated[bool, Boolean()] = False
    is_staff: Annotated[bool, Boolean()] = False


class CreateAccount(SmallBody):
    """An account that an operator opens; without a password its owner sets one with a mailed code."""

    username: Username
    email: Address
    password: NewPassword = ""
    is_staff: Annotated[bool, Boolean()] = False


class SendTrialMail(SmallBody):
    """Where a letter goes that shows whether mail arrives."""

    email: Address


class SetPassword(SmallBody):
    """A password that an operator sets."""

    password: NewPassword


class IssueCode(SmallBody):
    """A code issued by hand, for a user whose mail does not arrive."""

    kind: Annotated[str, Choice(("register", "password_reset", "identity"))]
