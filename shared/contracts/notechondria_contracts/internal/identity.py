"""What identity answers other services about accounts."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

FIRST_SUPERUSER_PATH = "/internal/operators/first-superuser"
ACCOUNT_PATH = "/internal/operators/account"


class Account(BaseModel):
    """An account by id and user name."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: int
    username: str


class MaybeAccount(BaseModel):
    """`account` is None when there is no such one."""

    account: Account | None = None
