"""What identity answers operators (`notechondria users|staff|invitations|code`). Times are ISO 8601 with `+00:00`."""

from __future__ import annotations

from typing import Final

from pydantic import BaseModel

OPERATORS_PATH: Final = "/internal/operators"


class OperatorAccount(BaseModel):
    """An account as operators see it; never a hash. `status` is pending, active or disabled.

    Without `email_verified` the address is only what the account's owner says.
    """

    id: int
    username: str
    email: str
    email_verified: bool
    status: str
    is_staff: bool
    is_superuser: bool
    date_joined: str


class OperatorAccounts(BaseModel):
    """Accounts by id from `offset` on; `total` is how many match."""

    users: list[OperatorAccount]
    total: int
    offset: int


class OperatorInvitation(BaseModel):
    """An invitation; the code itself is not kept. `expires_at` is null for one that stays."""

    id: int
    label: str
    max_uses: int
    times_used: int
    created_at: str
    expires_at: str | None


class OperatorInvitations(BaseModel):
    """The newest invitations."""

    invitations: list[OperatorInvitation]


class TrialMail(BaseModel):
    """What became of a letter that shows whether mail arrives: handed over to the mail server, or why not."""

    sent: bool
    problem: str
    server: str
    sender: str


class IssuedCode(BaseModel):
    """A code in plain text, to be handed over; how long it is good is said in words."""

    username: str
    email: str
    kind: str
    code: str
    good_for: str
