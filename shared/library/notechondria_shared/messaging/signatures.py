"""Who published an event: the relay signs what it sends with the key of its service, consumers check it (ADR 0032).

`Notechondria-Signature: <key id>.<signature>`, a header of the message: Ed25519 (RFC 8032), base64url without padding,
over the subject, a line feed, and the body, byte for byte. So an event that was published under another subject, or by
another service, counts for nothing, whatever rights somebody has on the bus.

Checking costs more than all else that is done with an event (0.105 of 0.18 ms). What the relay sends together it signs
together as well: `Notechondria-Batch: <key id>.<signature>.<number>.<size>.<path>`, the signature of the root of a hash
tree whose leaves are the same bytes (RFC 9162 §2.1.1), and the path from the event's leaf to it. A consumer checks the
signature of a root once, and a few hashes for each event (0.012 ms).
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from nats.aio.msg import Msg
from sqlalchemy import select

from notechondria_shared.core import hash_tree
from notechondria_shared.core.keys import PublicKeys, SigningKey
from notechondria_shared.db import Database
from notechondria_shared.messaging.tables import EventTables

SIGNATURE_HEADER = "Notechondria-Signature"
BATCH_HEADER = "Notechondria-Batch"
LONGEST_BATCH = 1024
"""Characters of the header: a path of 16 hashes, from 65,536 events."""
_BATCH = re.compile(
    r"(?P<signature>[0-9a-f]+\.[\w-]+)\.(?P<number>\d{1,5})\.(?P<size>\d{1,5})\.(?P<path>[\w-]*)", re.ASCII
)
KNOWN_ROOTS = 64
"""Batches whose signatures are remembered as good."""
GRACE = timedelta(minutes=10)
"""So long after a service learned to check, others of the release before may still run."""


class UnprovenEvent(Exception):
    """The message does not show that the service published it whose subject it has."""


class EventSignatures:
    """Signs events of one service, and checks those of all."""

    def __init__(self, key: SigningKey, public: PublicKeys) -> None:
        self._key, self._public = key, public
        self._known_roots: dict[tuple[str, str, bytes], None] = {}
        """Service, signature and what it is of: the batches that were checked last."""

    def headers(self, subject: str, body: bytes) -> dict[str, str]:
        """What goes out beside the body."""
        return {SIGNATURE_HEADER: self._key.sign(_signed(subject, body))}

    def batch_headers(self, messages: Sequence[tuple[str, bytes]]) -> list[dict[str, str]]:
        """What goes out beside each of several bodies, by their subjects."""
        each = [self.headers(subject, body) for subject, body in messages]
        if len(messages) < 2:
            return each
        root, paths = hash_tree.tree([hash_tree.leaf(_signed(subject, body)) for subject, body in messages])
        signature = self._key.sign(_root(len(messages), root))
        for number, (headers, path) in enumerate(zip(each, paths, strict=True)):
            headers[BATCH_HEADER] = f"{signature}.{number}.{len(messages)}.{_text(path)}"
        return each

    def is_signed(self, subject: str, body: bytes, signature: str, batch: str = "") -> bool:
        """Whether the service signed it that publishes below this subject: in a batch, or else by itself."""
        service, signed = subject.partition(".")[0], _signed(subject, body)
        return self._is_in_batch(service, signed, batch) or self._public.verify(service, signature, signed)

    def _is_in_batch(self, service: str, signed: bytes, batch: str) -> bool:
        match = _BATCH.fullmatch(batch)
        if match is None or len(batch) > LONGEST_BATCH:
            return False
        number, size = int(match["number"]), int(match["size"])
        try:
            path = base64.urlsafe_b64decode(match["path"] + "==")
        except ValueError:
            return False
        root = hash_tree.root_of(hash_tree.leaf(signed), number, size, path)
        if root is None:
            return False
        known = service, match["signature"], _root(size, root)
        if known in self._known_roots:
            return True
        if not self._public.verify(*known):
            return False
        while len(self._known_roots) >= KNOWN_ROOTS:
            del self._known_roots[next(iter(self._known_roots))]
        self._known_roots[known] = None
        return True


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
        headers = message.headers or {}
        signature, batch = headers.get(SIGNATURE_HEADER, ""), headers.get(BATCH_HEADER, "")
        if self._signatures.is_signed(message.subject, message.data, signature, batch):
            return
        # The broker's own clock, which no client can set.
        if signature or self._unsigned_until is None or message.metadata.timestamp > self._unsigned_until:
            owner = message.subject.partition(".")[0]
            problem = "its signature is not that of" if signature else "it is not signed by"
            raise UnprovenEvent(f"{problem} {owner}")


def _root(size: int, root: bytes) -> bytes:
    """What is signed of a batch. No event has this subject: it would be one of a service that there is not."""
    return _signed("batch", b"%d\n%b" % (size, root))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


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
