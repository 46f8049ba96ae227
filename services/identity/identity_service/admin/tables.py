"""What the administration shows of identity's own tables: accounts, sessions, invitations, the record of staff."""

from __future__ import annotations

from identity_service.operators import queries
from identity_service.staff.queries import STAFF_ACTIONS
from notechondria_contracts.admin import AdminColumn, AdminResource
from notechondria_shared.core.timestamps import now
from notechondria_shared.web.admin import AdminTable

UNKNOWN = "It is not there (any more)."
ID = AdminColumn(key="id", title="Id", kind="id")
USER = AdminColumn(key="user_id", title="User", kind="user")

USERS = AdminTable(
    AdminResource(
        name="users",
        title="Users",
        noun="user",
        position=10,
        columns=[
            ID,
            AdminColumn(key="username", title="Name"),
            AdminColumn(key="email", title="Address"),
            AdminColumn(key="email_verified", title="Address proved", kind="yes"),
            AdminColumn(key="status", title="Status"),
            AdminColumn(key="is_staff", title="Staff", kind="yes"),
            AdminColumn(key="is_superuser", title="Superuser", kind="yes"),
            AdminColumn(key="date_joined", title="Joined", kind="timestamp"),
        ],
        searched="part of a name or address, or an id",
        of_users=False,
        accounts=True,
        label="username",
    ),
    queries.USERS,
    unknown=UNKNOWN,
)
SESSIONS = AdminTable(
    AdminResource(
        name="sessions",
        title="Sessions",
        noun="session",
        position=20,
        columns=[
            ID,
            USER,
            AdminColumn(key="device_label", title="Device"),
            AdminColumn(key="created_at", title="Signed in", kind="timestamp"),
            AdminColumn(key="last_seen_at", title="Last seen", kind="timestamp"),
            AdminColumn(key="user_agent", title="Browser or app", wide=True),
        ],
        searched="user name, address, device or id",
        hint="Sessions that count: not ended, seen within a day, not older than three.",
        label="device_label",
    ),
    queries.SESSIONS,
    unknown=UNKNOWN,
)
INVITATIONS = AdminTable(
    AdminResource(
        name="invitations",
        title="Invitations",
        noun="invitation",
        position=30,
        columns=[
            ID,
            AdminColumn(key="label", title="Label"),
            AdminColumn(key="times_used", title="Used"),
            AdminColumn(key="max_uses", title="Uses allowed"),
            AdminColumn(key="created_at", title="Created", kind="timestamp"),
            AdminColumn(key="expires_at", title="Expires", kind="timestamp"),
        ],
        searched="label or id",
        hint="As soon as there is one invitation, expired or not, nobody can register without a valid code.",
        of_users=False,
        label="label",
    ),
    queries.INVITATIONS,
    unknown=UNKNOWN,
)
ACTIONS = AdminTable(
    AdminResource(
        name="staff-actions",
        title="Staff's actions",
        noun="action",
        position=100,
        columns=[
            ID,
            AdminColumn(key="begun_at", title="When", kind="timestamp"),
            USER,
            AdminColumn(key="action", title="Action"),
            AdminColumn(key="object", title="Object"),
            AdminColumn(key="outcome", title="Outcome"),
            AdminColumn(key="ended_at", title="Ended", kind="timestamp", wide=True),
        ],
        searched="action, object, outcome or id",
        hint="What staff did on this site in the last 400 days, and what was refused.",
        label="action",
    ),
    STAFF_ACTIONS,
    unknown=UNKNOWN,
)


def still_counts(row: queries.InvitationRow) -> bool:
    """Whether an invitation can be used for anything yet."""
    return row.expires_at is None or row.expires_at > now()
