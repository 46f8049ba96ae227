"""Accounts: users, profiles, links, keys, invitations (identity §4, §5, §9, §10, §13)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from psycopg.types.json import Jsonb

from notechondria_cli.django_import.report import Report
from notechondria_cli.django_import.source import Row, Source, first, text
from notechondria_cli.django_import.target import Target, counted

_ACTIVE, _PENDING, _DISABLED = "active", "pending", "disabled"
_PROFILES = ("creators_creator", "creators_profile")


@dataclass
class ImportedAccounts:
    """Who is there: a creator's user, and of each user what the other schemas keep."""

    of_creator: dict[int, int] = field(default_factory=dict)
    users: dict[int, Row] = field(default_factory=dict)

    def owner(self, row: Row, *names: str) -> int | None:
        """Return the user behind a row's creator column; None when there is none."""
        creator = first(row, *(names or ("creator_id", "owner_id")))
        return None if creator is None else self.of_creator.get(int(creator))

    def owned(self, report: Report, kind: str, row: Row) -> int | None:
        """Return the user behind a row, which is left out, and that said, when there is none."""
        owner = self.owner(row)
        if owner is None:
            report.skip(kind, row["id"], "its account is not there")
        return owner


def move_accounts(source: Source, target: Target, report: Report, api_base_url: str) -> ImportedAccounts:
    """Move users with their profiles; ids are the users' own."""
    people = ImportedAccounts()
    table = source.require(*_PROFILES)
    profiles = {int(row["user_id"]): row for row in source.rows(table) if row.get("user_id") is not None}
    for user_id, profile in profiles.items():
        people.of_creator[int(profile["id"])] = user_id
    lived = _who_lived(source, people)
    rows = list(_users(source, report, profiles, lived, api_base_url))
    people.users = {row["id"]: row for row in rows}
    people.of_creator = {creator: user for creator, user in people.of_creator.items() if user in people.users}
    target.write("accounts", "identity.users", rows)
    target.write("API keys", "identity.api_keys", _keys(report, people, profiles))
    if links := source.table("creators_socialaccount", "creators_socialaccountlink", "creators_sociallink"):
        target.write("social accounts", "identity.social_accounts", _links(source, links, report, people))
    if invitations := source.table("creators_invitationcode", "creators_invitation"):
        target.write("invitations", "identity.invitations", _invitations(source, invitations, report))
    return people


def _who_lived(source: Source, people: ImportedAccounts) -> set[int]:
    """Return the users who were inside once: whoever is inactive and was, is disabled, not waiting for a code."""
    found: set[int] = set()
    for table in filter(None, (source.table("creators_session"), source.table("notes_course"))):
        for row in source.rows(table):
            user = row.get("user_id") or people.owner(row)
            if user is not None:
                found.add(int(user))
    return found


def _users(
    source: Source, report: Report, profiles: dict[int, Row], lived: set[int], api_base_url: str
) -> Iterator[Row]:
    names: set[str] = set()
    addresses: dict[str, int] = {}
    everybody = list(counted(report, "accounts", source.rows(source.require("auth_user"))))
    # Where several share an address, the active account keeps it.
    for row in sorted(everybody, key=lambda row: (not row["is_active"], row["id"])):
        email = text(row, "email", 254).strip().lower()
        if email and addresses.setdefault(email, row["id"]) != row["id"]:
            report.change("accounts", row["id"], "its e-mail address belongs to another account: left out")
    for row in everybody:
        user_id = int(row["id"])
        username = text(row, "username", 150)
        if username.lower() in names:
            username = f"{username[:140]}_{user_id}"
            report.change("accounts", user_id, "its name is taken in other letters: the id was added")
        names.add(username.lower())
        email = text(row, "email", 254).strip().lower()
        shut = _DISABLED if row.get("last_login") or user_id in lived else _PENDING
        if user_id not in profiles:
            report.change("accounts", user_id, "it has no profile: made with the defaults")
        yield {
            "id": user_id,
            "username": username,
            "email": email if addresses.get(email) == user_id else "",
            "password_hash": text(row, "password"),
            "status": _ACTIVE if row["is_active"] else shut,
            "is_staff": bool(row.get("is_staff")),
            "is_superuser": bool(row.get("is_superuser")),
            "first_name": text(row, "first_name", 150),
            "last_name": text(row, "last_name", 150),
            **_profile(profiles.get(user_id, {}), api_base_url),
            "date_joined": row.get("date_joined") or datetime.now(UTC),
            "revision": 1,
        }


def _profile(row: Row, api_base_url: str) -> Row:
    return {
        "motto": text(row, "motto", 100),
        "social_link": text(row, "social_link", 255),
        "image_path": str(first(row, "image", "avatar", "image_path", default="")),
        "editor_mode": text(row, "editor_mode", 1, "P") if text(row, "editor_mode") in {"G", "B", "P"} else "P",
        "theme_preset": text(row, "theme_preset", 32) or "teal",
        "theme_mode": text(row, "theme_mode", 1) if text(row, "theme_mode") in {"S", "L", "D"} else "S",
        "api_base_url": text(row, "api_base_url", 255) or api_base_url,
        "mcp_skill_md": text(row, "mcp_skill_md"),
        "app_settings": Jsonb(_object(first(row, "app_settings", "app_settings_json"))),
        "app_settings_updated_at": row.get("app_settings_updated_at"),
    }


def _object(value: Any) -> dict[str, Any]:
    if isinstance(value, str):
        try:
            value = json.loads(value or "{}")
        except ValueError:
            return {}
    return value if isinstance(value, dict) else {}


def _keys(report: Report, people: ImportedAccounts, profiles: dict[int, Row]) -> Iterator[Row]:
    for user_id, row in profiles.items():
        digest = str(first(row, "api_key_hash", "api_key_digest", "api_key_sha256", default=""))
        if not digest:
            continue
        report.of("API keys").read += 1
        if user_id not in people.users:
            report.skip("API keys", row["id"], "its account is not there")
        elif len(digest) != 64:
            report.skip("API keys", user_id, "it is not kept as SHA-256")
        else:
            prefix = text(row, "api_key_prefix", 8)
            yield {"user_id": user_id, "digest": digest.lower(), "prefix": prefix, "scopes": ["read", "write"],
                   "name": "", "rotated": True, "created_at": datetime.now(UTC)}  # fmt: skip


def _links(source: Source, table: str, report: Report, people: ImportedAccounts) -> Iterator[Row]:
    for row in counted(report, "social accounts", source.rows(table)):
        user_id = row.get("user_id") if row.get("user_id") is not None else people.owner(row)
        if user_id not in people.users:
            report.skip("social accounts", row["id"], "its account is not there")
            continue
        yield {
            "id": row["id"],
            "user_id": user_id,
            "provider": text(row, "provider", 16),
            "provider_uid": str(first(row, "provider_uid", "uid", default=""))[:255],
            "email": text(row, "email", 254),
            "extra": Jsonb(_object(first(row, "extra_data", "extra"))),
            "created_at": first(row, "created_at", "date_created", default=datetime.now(UTC)),
        }


def _invitations(source: Source, table: str, report: Report) -> Iterator[Row]:
    for row in counted(report, "invitations", source.rows(table)):
        digest = str(first(row, "code_hash", "digest", "code", default=""))
        if len(digest) != 64:
            report.skip("invitations", row["id"], "it is not kept as SHA-256")
            continue
        yield {
            "id": row["id"],
            "digest": digest.lower(),
            "label": text(row, "label", 120),
            "max_uses": int(first(row, "max_uses", default=1)),
            "times_used": int(first(row, "times_used", "used_count", default=0)),
            "created_at": first(row, "created_at", "date_created", default=datetime.now(UTC)),
            "expires_at": row.get("expires_at"),
        }
