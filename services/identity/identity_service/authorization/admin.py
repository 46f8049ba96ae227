"""Programs on the administration site: which there are, and those that staff makes for who wants an id and secret."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from sqlalchemy import func, select

from identity_service.authorization import grants
from identity_service.authorization.clients import service
from identity_service.authorization.clients.redirects import LONGEST_URI, MOST_URIS, may_be_registered
from identity_service.authorization.clients.schemas import LONGEST_NAME
from identity_service.authorization_models import STAFF, OAuthClient, OAuthGrant
from notechondria_contracts.admin import (
    AdminAction,
    AdminColumn,
    AdminCreated,
    AdminCreation,
    AdminField,
    AdminForm,
    AdminOutcome,
    AdminResource,
    AdminSecret,
)
from notechondria_contracts.fields import Text
from notechondria_shared.core.errors import FieldErrors, NotFound
from notechondria_shared.db.listing import SearchableList
from notechondria_shared.web.admin import AdminTable
from notechondria_shared.web.body import SmallBody
from notechondria_shared.web.dependencies import WriteSession

UNKNOWN = "It is not there (any more)."


@dataclass(frozen=True, slots=True)
class ProgramRow:
    """A program as staff sees it; no digest."""

    id: int
    name: str
    client_id: str
    origin: str
    auth_method: str
    connections: int
    created_at: datetime
    last_used_at: datetime | None


_LIVING = (
    select(func.count())
    .where(
        OAuthGrant.client_id == OAuthClient.id,
        OAuthGrant.revoked_at.is_(None),
        OAuthGrant.redeemed_at.is_not(None),
        OAuthGrant.expires_at > func.now(),
    )
    .scalar_subquery()
)
PROGRAMS = AdminTable(
    AdminResource(
        name="programs",
        title="Programs",
        noun="program",
        position=40,
        columns=[
            AdminColumn(key="id", title="Id", kind="id"),
            AdminColumn(key="name", title="Name"),
            AdminColumn(key="client_id", title="Client id"),
            AdminColumn(key="origin", title="Known by"),
            AdminColumn(key="connections", title="Connections"),
            AdminColumn(key="created_at", title="Since", kind="timestamp"),
            AdminColumn(key="last_used_at", title="Last used", kind="timestamp"),
            AdminColumn(key="auth_method", title="Authenticates by", wide=True),
        ],
        searched="name, client id or id",
        hint="Programs that may ask people for access. Those that nobody uses go by themselves, staff's own stay.",
        of_users=False,
        label="name",
    ),
    SearchableList(
        select(
            OAuthClient.id,
            OAuthClient.name,
            OAuthClient.client_id,
            OAuthClient.origin,
            OAuthClient.auth_method,
            _LIVING.label("connections"),
            OAuthClient.created_at,
            OAuthClient.last_used_at,
        ),
        ProgramRow,
        key=OAuthClient.id.expression,
        searched=(OAuthClient.name.expression, OAuthClient.client_id.expression),
    ),
    unknown=UNKNOWN,
)


class CreateProgram(SmallBody):
    """The form for a program that staff vouches for."""

    name: Annotated[str, Text(max_length=LONGEST_NAME)]
    redirect_uris: Annotated[str, Text(max_length=LONGEST_URI * MOST_URIS)]


async def _locked(db: WriteSession, key: int) -> OAuthClient:
    client = await db.get(OAuthClient, key, with_for_update=True)
    if client is None:
        raise NotFound(UNKNOWN)
    return client


@PROGRAMS.creation(
    AdminCreation(
        label="New program",
        form=AdminForm(
            title="New program",
            hint="For programs that want a client id. One that also wants a secret gets it on its page.",
            submit="Create",
            fields=[
                AdminField(name="name", label="Name, as people are shown it", max_length=LONGEST_NAME, required=True),
                AdminField(
                    name="redirect_uris",
                    label="Redirect addresses, with blanks between them",
                    max_length=LONGEST_URI * MOST_URIS,
                    required=True,
                ),
            ],
        ),
    )
)
async def create_program(body: CreateProgram, db: WriteSession) -> AdminCreated:
    """Make a program that the staff of this server vouches for."""
    uris = body.redirect_uris.split()
    if len(uris) > MOST_URIS or not all(map(may_be_registered, uris)):
        raise FieldErrors(redirect_uris=f"At most {MOST_URIS}, each https, or http on the own machine, or of an app.")
    return AdminCreated(id=(await service.make_for_staff(db, body.name, uris)).id)


@PROGRAMS.action(
    AdminAction(
        name="secret",
        needs_password=True,
        label="New secret",
        form=AdminForm(
            title="New secret for {label}",
            hint="From now on the program has to show this secret; an older one counts no more.",
            submit="Make it",
            fields=[],
        ),
    ),
    offered=lambda row: row.origin == STAFF,
)
async def make_secret(key: int, db: WriteSession) -> AdminOutcome:
    """Give a program of the staff's a new secret, shown this once."""
    client = await _locked(db, key)
    if client.origin != STAFF:
        raise NotFound(UNKNOWN)
    secret = service.give_secret(client)
    text = "It is shown only now. The program sends it as client_secret_basic or client_secret_post."
    return AdminOutcome(secret=AdminSecret(before="The secret is", secret=secret, after=text))


@PROGRAMS.action(
    AdminAction(
        name="delete",
        label="Delete",
        done="The program is gone.",
        question="Everything that people allowed the program ends at once. It may register again.",
        gone=True,
    )
)
async def delete_program(key: int, db: WriteSession) -> None:
    """Remove a program and all its connections."""
    client = await _locked(db, key)
    await grants.end_of_client(db, client.id)
    await service.remove(db, client)
