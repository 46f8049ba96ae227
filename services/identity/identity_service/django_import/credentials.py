"""API keys, links to providers and invitations (identity §9, §10, §13)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from pydantic import JsonValue

from identity_service.django_import.accounts import PROFILES
from identity_service.models import ApiKey, Invitation, SocialAccount
from identity_service.settings import IdentitySettings
from notechondria_shared.core.timestamps import now
from notechondria_shared.django_import.command import ImportRun
from notechondria_shared.django_import.handover import NO_ACCOUNT, Accounts
from notechondria_shared.django_import.report import Report
from notechondria_shared.django_import.rows import DjangoRow

_SHA256_LENGTH = 64
_NO_SHA256 = "it is not kept as SHA-256"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKeyRow:
    """A row of `api_keys`: the one key that a user of the monolith has."""

    user_id: int
    digest: str
    prefix: str
    created_at: datetime
    name: str = ""
    rotated: bool = True
    scopes: list[str] = field(default_factory=lambda: ["read", "write"])


@dataclass(frozen=True, slots=True, kw_only=True)
class SocialAccountRow:
    """A row of `social_accounts`."""

    id: int
    user_id: int
    provider: str
    provider_uid: str
    email: str
    extra: dict[str, JsonValue]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InvitationRow:
    """A row of `invitations`."""

    id: int
    digest: str
    label: str
    max_uses: int
    times_used: int
    created_at: datetime
    expires_at: datetime | None


def import_keys(run: ImportRun[IdentitySettings], accounts: Accounts) -> None:
    """Import API keys, which the monolith keeps in the profiles."""
    profiles = run.source.rows(run.source.require(*PROFILES))
    run.target.write("API keys", ApiKey, _keys(profiles, accounts, run.report))


def _keys(profiles: Iterator[DjangoRow], accounts: Accounts, report: Report) -> Iterator[ApiKeyRow]:
    kind, users = "API keys", _user_ids(accounts)
    for profile in profiles:
        user_id = profile.integer_or_none("user_id")
        digest = profile.text("api_key_hash", "api_key_digest", "api_key_sha256")
        if user_id is None or not digest:
            continue
        report.of(kind).read += 1
        if user_id not in users:
            report.skip(kind, profile.id, NO_ACCOUNT)
        elif len(digest) != _SHA256_LENGTH:
            report.skip(kind, user_id, _NO_SHA256)
        else:
            prefix = profile.text("api_key_prefix", longest=8)
            yield ApiKeyRow(user_id=user_id, digest=digest.lower(), prefix=prefix, created_at=now())


def import_social_accounts(run: ImportRun[IdentitySettings], accounts: Accounts) -> None:
    """Import links between accounts and identities at providers."""
    table = run.source.table("creators_socialaccount", "creators_socialaccountlink", "creators_sociallink")
    if table:
        kind = "social accounts"
        rows = run.report.counted(kind, run.source.rows(table))
        run.target.write(kind, SocialAccount, _social_accounts(kind, rows, accounts, run.report))


def _social_accounts(
    kind: str, rows: Iterator[DjangoRow], accounts: Accounts, report: Report
) -> Iterator[SocialAccountRow]:
    users = _user_ids(accounts)
    for row in rows:
        user_id = row.integer_or_none("user_id")
        if user_id is None and (owner := accounts.owner(row)):
            user_id = owner.user_id
        if user_id is None or user_id not in users:
            report.skip(kind, row.id, NO_ACCOUNT)
            continue
        yield SocialAccountRow(
            id=row.id,
            user_id=user_id,
            provider=row.text("provider", longest=16),
            provider_uid=row.text("provider_uid", "uid", longest=255),
            email=row.text("email", longest=254),
            extra=row.json_object("extra_data", "extra"),
            created_at=row.timestamp("created_at", "date_created", default=now()),
        )


def import_invitations(run: ImportRun[IdentitySettings]) -> None:
    """Import invitation codes."""
    if table := run.source.table("creators_invitationcode", "creators_invitation"):
        kind = "invitations"
        rows = run.report.counted(kind, run.source.rows(table))
        run.target.write(kind, Invitation, _invitations(kind, rows, run.report))


def _invitations(kind: str, rows: Iterator[DjangoRow], report: Report) -> Iterator[InvitationRow]:
    for row in rows:
        digest = row.text("code_hash", "digest", "code")
        if len(digest) != _SHA256_LENGTH:
            report.skip(kind, row.id, _NO_SHA256)
            continue
        yield InvitationRow(
            id=row.id,
            digest=digest.lower(),
            label=row.text("label", longest=120),
            max_uses=row.integer("max_uses", default=1),
            times_used=row.integer("times_used", "used_count", default=0),
            created_at=row.timestamp("created_at", "date_created", default=now()),
            expires_at=row.timestamp_or_none("expires_at"),
        )


def _user_ids(accounts: Accounts) -> set[int]:
    return {account.user_id for account in accounts.all}
