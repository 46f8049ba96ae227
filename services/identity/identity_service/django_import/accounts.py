"""Users with their profiles (identity §4, §5, §11); ids are the users' own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from pydantic import JsonValue

from identity_service.models import ACTIVE, DISABLED, PENDING, User
from identity_service.profile.schemas import EDITOR_MODES, THEME_MODES
from identity_service.settings import IdentitySettings
from notechondria_shared.core.timestamps import now
from notechondria_shared.django_import.command import ImportRun
from notechondria_shared.django_import.handover import ImportedAccount
from notechondria_shared.django_import.problem import ImportProblem
from notechondria_shared.django_import.report import Report
from notechondria_shared.django_import.rows import DjangoRow
from notechondria_shared.django_import.source import Monolith

USERS = "auth_user"
PROFILES = ("creators_creator", "creators_profile")
_KIND = "accounts"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserRow:
    """A row of `users`."""

    id: int
    username: str
    email: str
    verified_email: str
    password_hash: str
    status: str
    is_staff: bool
    is_superuser: bool
    first_name: str
    last_name: str
    motto: str
    social_link: str
    image_path: str
    editor_mode: str
    theme_preset: str
    theme_mode: str
    api_base_url: str
    mcp_skill_md: str
    app_settings: dict[str, JsonValue]
    app_settings_updated_at: datetime | None
    date_joined: datetime
    revision: int = 1


def check_ids(run: ImportRun[IdentitySettings]) -> None:
    """Raise `ImportProblem` when an id of the monolith belongs to another account here."""
    users = run.source.require(USERS)
    if not run.target.has(User):
        return  # a dry run before there is anything
    ours = {row[0]: str(row[1]) for row in run.target.connection.execute("SELECT id, username FROM identity.users")}
    for row in run.source.rows(users):
        username = row.text("username")
        known = ours.get(row.id)
        if known is not None and known.lower() not in {username.lower(), _with_id(username, row.id).lower()}:
            raise ImportProblem(
                f"The id {row.id} of {username} is in use by {known.lower()}.",
                "Move into a system that was not started yet (see: notechondria reset).",
            )


def import_accounts(run: ImportRun[IdentitySettings]) -> list[ImportedAccount]:
    """Import all users; what the other services need to know of them."""
    source = run.source
    profiles: dict[int, DjangoRow] = {}
    for row in source.rows(source.require(*PROFILES)):
        if (user_id := row.integer_or_none("user_id")) is not None:
            profiles[user_id] = row
    users = list(run.report.counted(_KIND, source.rows(source.require(USERS))))
    seen = _seen_before(source, {profile.id: user_id for user_id, profile in profiles.items()})
    seen |= {user.id for user in users if user.timestamp_or_none("last_login")}
    emails, usernames = _emails(users, run.report), _usernames(users, run.report)
    rows: list[UserRow] = []
    for user in users:
        profile = profiles.get(user.id)
        if profile is None:
            run.report.change(_KIND, user.id, "it has no profile: made with the defaults")
        status = ACTIVE if user.flag("is_active") else DISABLED if user.id in seen else PENDING
        rows.append(
            _user(
                user,
                profile or DjangoRow(PROFILES[0], {}),
                username=usernames[user.id],
                email=emails[user.id],
                status=status,
                api_base_url=run.settings.default_api_base_url,
            )
        )
    run.target.write(_KIND, User, rows)
    return [_imported(row, profiles.get(row.id)) for row in rows]


def _seen_before(source: Monolith, user_of_creator: Mapping[int, int]) -> set[int]:
    """The users who were signed in once: who is inactive and was, is disabled, not waiting for a code."""
    ids: set[int] = set()
    for table in filter(None, (source.table("creators_session"), source.table("notes_course"))):
        for row in source.rows(table):
            creator = row.integer_or_none("creator_id", "owner_id")
            user_id = row.integer_or_none("user_id") or (None if creator is None else user_of_creator.get(creator))
            if user_id is not None:
                ids.add(user_id)
    return ids


def _emails(users: Sequence[DjangoRow], report: Report) -> dict[int, str]:
    """The address of each user. Where several share one, an active account keeps it and the others have none."""
    emails = {user.id: user.text("email", longest=254).strip().lower() for user in users}
    keepers: dict[str, int] = {}
    for user in sorted(users, key=lambda user: (not user.flag("is_active"), user.id)):
        if emails[user.id] and keepers.setdefault(emails[user.id], user.id) != user.id:
            emails[user.id] = ""
            report.change(_KIND, user.id, "its e-mail address belongs to another account: left out")
    return emails


def _usernames(users: Sequence[DjangoRow], report: Report) -> dict[int, str]:
    """The name of each user, which must differ also in lower case."""
    usernames: dict[int, str] = {}
    taken: set[str] = set()
    for user in users:
        username = user.text("username", longest=150)
        if username.lower() in taken:
            username = _with_id(username, user.id)
            report.change(_KIND, user.id, "its name is taken in other letters: the id was added")
        taken.add(username.lower())
        usernames[user.id] = username
    return usernames


def _with_id(username: str, user_id: int) -> str:
    return f"{username[:140]}_{user_id}"


def _user(user: DjangoRow, profile: DjangoRow, *, username: str, email: str, status: str, api_base_url: str) -> UserRow:
    return UserRow(
        id=user.id,
        username=username,
        email=email,
        # The monolith verified it when the account was opened.
        verified_email="" if status == PENDING else email,
        password_hash=user.text("password"),
        status=status,
        is_staff=user.flag("is_staff"),
        is_superuser=user.flag("is_superuser"),
        first_name=user.text("first_name", longest=150),
        last_name=user.text("last_name", longest=150),
        motto=profile.text("motto", longest=100),
        social_link=profile.text("social_link", longest=255),
        image_path=profile.text("image", "avatar", "image_path"),
        editor_mode=profile.choice("editor_mode", EDITOR_MODES, "P"),
        theme_preset=profile.text("theme_preset", longest=32) or "teal",
        theme_mode=profile.choice("theme_mode", THEME_MODES, "S"),
        api_base_url=profile.text("api_base_url", longest=255) or api_base_url,
        mcp_skill_md=profile.text("mcp_skill_md"),
        app_settings=profile.json_object("app_settings", "app_settings_json"),
        app_settings_updated_at=profile.timestamp_or_none("app_settings_updated_at"),
        date_joined=user.timestamp("date_joined", default=now()),
    )


def _imported(row: UserRow, profile: DjangoRow | None) -> ImportedAccount:
    return ImportedAccount(
        user_id=row.id,
        creator_id=profile.id if profile else None,
        username=row.username,
        image_path=row.image_path,
        editor_mode=row.editor_mode,
        is_active=row.status == ACTIVE,
        is_pending=row.status == PENDING,
    )
