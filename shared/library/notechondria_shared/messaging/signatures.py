"""Who published an event: the relay signs what it sends with the key of its service, consumers check it (ADR 0032).

`Notechondria-Signature: <key id>.<signature>`, a header of the message: Ed25519 (RFC 8032), base64url without padding,
over the subject, a line feed, and the body, byte for byte. So an event that was published under another subject, or by
another service, counts for nothing, whatever rights somebody has on the bus.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from nats.aio.msg import Msg
from sqlalchemy import select

from notechondria_shared.core.keys import PublicKeys, SigningKey
from notechondria_shared.db import Database
from notechondria_shared.messaging.tables import EventTables

SIGNATURE_HEADER = "Notechondria-Signature"
GRACE = timedelta(minutes=10)
"""So long after a service learned to check, others of the release before may still run."""


class UnprovenEvent(Exception):
    """The message does not show that the service published it whose subject it has."""


class EventSignatures:
    """Signs events of one service, and checks those of all."""

    def __init__(self, key: SigningKey, public: PublicKeys) -> None:
        self._key, self._public = key, public

    def headers(self, subject: str, body: bytes) -> dict[str, str]:
        """What goes out beside the body."""
        return {SIGNATURE_HEADER: self._key.sign(_signed(subject, body))}

    def is_signed(self, subject: str, body: bytes, signature: str) -> bool:
        """Whether the service signed it that publishes below this subject."""
        return self._public.verify(subject.partition(".")[0], signature, _signed(subject, body))


class SignatureCheck:
    """Lets pass what is signed, and what the broker had taken in before there were signatures."""

    def __init__(self, signatures: EventSignatures, database: Database, tables: EventTables) -> None:
        self._signatures, self._database, self._tables = signatures, database, tables
        self._unsigned_until: datetime | None = None

    async def prepare(self) -> None:
        """Read when this service learned to check; `Unavailable` without a database."""
        if self._unsigned_until is None:
            async with self._database.transaction() as db:
                since = await db.scalar(select(self._tables.signing.c.checked_since))
            self._unsigned_until = (since or datetime.min.replace(tzinfo=UTC)) + GRACE

    def require(self, message: Msg) -> None:
        """Raise `UnprovenEvent` for any other message; after `prepare`."""
        signature = (message.headers or {}).get(SIGNATURE_HEADER, "")
        if self._signatures.is_signed(message.subject, message.data, signature):
            return
        # The broker's own clock, which no client can set.
        if signature or self._unsigned_until is None or message.metadata.timestamp > self._unsigned_until:
            owner = message.subject.partition(".")[0]
            problem = "its signature is not that of" if signature else "it is not signed by"
            raise UnprovenEvent(f"{problem} {owner}")


def _signed(subject: str, body: bytes) -> bytes:
    return subject.encode() + b"\n" + body


def add_signing(schema: str) -> None:
    """For migrations: when this schema learned to check. One that has seen no event yet takes no unsigned one."""
    from alembic import op  # noqa: PLC0415 - only usable inside a migration

    op.execute(f"CREATE TABLE IF NOT EXISTS {schema}.event_signing (checked_since timestamptz PRIMARY KEY)")
    op.execute(
        f"INSERT INTO {schema}.event_signing (checked_since) SELECT now() "  # noqa: S608 - a name of ours
        f"WHERE EXISTS (SELECT FROM {schema}.inbox) OR EXISTS (SELECT FROM {schema}.outbox) ON CONFLICT DO NOTHING"
    )
