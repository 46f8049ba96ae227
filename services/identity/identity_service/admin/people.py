"""Parts of the site about people: their accounts, devices and invitations."""

from __future__ import annotations

from datetime import datetime

from identity_service.admin import own
from identity_service.admin.sections import ID, USER, Action, Column, Section
from notechondria_shared.core.timestamps import now

USERS = Section(
    "users",
    "Users",
    "user",
    own.USERS,
    (
        ID,
        Column("username", "Name"),
        Column("email", "Address"),
        Column("status", "Status"),
        Column("is_staff", "Staff", "yes"),
        Column("is_superuser", "Superuser", "yes"),
        Column("date_joined", "Joined", "moment"),
    ),
    (
        Action(
            "disable",
            "Disable",
            "The account is disabled and signed out everywhere.",
            own.disable,
            "The account is signed out everywhere at once and cannot sign in until it is enabled again.",
            offered=lambda row: bool(row["status"] == "active"),
        ),
        Action(
            "enable",
            "Enable",
            "The account is enabled.",
            own.enable,
            offered=lambda row: bool(row["status"] == "disabled"),
        ),
        Action(
            "sign-out",
            "Sign out everywhere",
            "All sessions of the account have ended.",
            own.sign_out,
            "All sessions of the account end; API keys go on working.",
        ),
        Action(
            "grant-staff",
            "Make staff",
            "The account is staff.",
            own.grant_staff,
            "Staff can see and change everything on this site.",
            offered=lambda row: not row["is_staff"],
        ),
        Action(
            "revoke-staff",
            "Revoke staff",
            "The account is not staff any more.",
            own.revoke_staff,
            "The account cannot use this site any more, from now on.",
            offered=lambda row: bool(row["is_staff"]),
        ),
        Action(
            "delete",
            "Delete",
            "The account is deleted.",
            own.delete,
            "The account, its notes, courses, events, feeds and files are removed in every service. This is final.",
            gone=True,
        ),
    ),
    searched="name, address or id",
    of_users=False,
    label="username",
    links=(
        ("Issue a code", "/admin/users/{id}/code/"),
        ("Sessions", "/admin/sessions/?user={id}"),
        ("Courses", "/admin/courses/?user={id}"),
        ("Notes", "/admin/notes/?user={id}"),
        ("Events", "/admin/events/?user={id}"),
        ("Feeds", "/admin/feeds/?user={id}"),
        ("Agents' log", "/admin/calls/?user={id}"),
    ),
)
SESSIONS = Section(
    "sessions",
    "Sessions",
    "session",
    own.SESSIONS,
    (
        ID,
        USER,
        Column("device_label", "Device"),
        Column("created_at", "Signed in", "moment"),
        Column("last_seen_at", "Last seen", "moment"),
        Column("user_agent", "Browser or app", wide=True),
    ),
    (
        Action(
            "revoke",
            "Revoke",
            "The session has ended.",
            own.revoke_session,
            "The device is signed out at once.",
            gone=True,
        ),
    ),
    searched="user name, address, device or id",
    hint="Sessions that count: not ended, seen within a day, not older than three.",
    label="device_label",
)
INVITATIONS = Section(
    "invitations",
    "Invitations",
    "invitation",
    own.INVITATIONS,
    (
        ID,
        Column("label", "Label"),
        Column("times_used", "Used"),
        Column("max_uses", "Uses allowed"),
        Column("created_at", "Created", "moment"),
        Column("expires_at", "Expires", "moment"),
    ),
    (
        Action(
            "expire",
            "Expire now",
            "The invitation has expired.",
            own.expire_invitation,
            "Nobody can register with it any more.",
            offered=lambda row: row["expires_at"] is None or datetime.fromisoformat(row["expires_at"]) > now(),
        ),
    ),
    searched="label or id",
    hint="As soon as there is one invitation, expired or not, nobody can register without a valid code.",
    of_users=False,
    label="label",
    create="New invitation",
)
