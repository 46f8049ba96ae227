"""Plain events for the bare endpoint: an outbox, a relay that sends it to JetStream, and a consumer that keeps rows.

The least that does the same work as the product's events: the same number of messages of about the same size through
the same broker, kept in a file, and the same rows written by who receives them. No signatures, no revisions, no locks,
no account that may be gone. `python -m bench.bare_events` is the consumer, with `DATABASE_URL` and `NATS_URL`.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import nats
import psycopg
from nats.js.api import AckPolicy, ConsumerConfig, StorageType, StreamConfig
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

STREAM, CONSUMER = "BARE", "bare"
BATCH, GATHER_SECONDS = 128, 0.02
FETCHED, FETCH_SECONDS = 64, 0.05
TABLES = """
CREATE SCHEMA IF NOT EXISTS bare;
CREATE TABLE bare.outbox (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event_id uuid NOT NULL UNIQUE,
    subject text NOT NULL, envelope jsonb NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), sent_at timestamptz);
CREATE INDEX ON bare.outbox (id) WHERE sent_at IS NULL;
CREATE TABLE bare.inbox (event_id uuid PRIMARY KEY, received_at timestamptz NOT NULL DEFAULT now());
CREATE TABLE bare.note_refs (note_id bigint PRIMARY KEY, user_id bigint NOT NULL, title text NOT NULL);
CREATE INDEX ON bare.note_refs (user_id);
CREATE TABLE bare.activities (activity_id uuid PRIMARY KEY, user_id bigint NOT NULL, note_id bigint NOT NULL,
    word_count bigint NOT NULL, day date NOT NULL DEFAULT current_date);
CREATE INDEX ON bare.activities (user_id, day);
GRANT USAGE ON SCHEMA bare TO notes;
GRANT ALL ON ALL TABLES IN SCHEMA bare TO notes;
"""
OUTBOX = "INSERT INTO bare.outbox (event_id, subject, envelope) VALUES (%s, %s, %s)"
UNSENT = "SELECT id, event_id, subject, envelope FROM bare.outbox WHERE sent_at IS NULL ORDER BY id LIMIT %s"
SENT = "UPDATE bare.outbox SET sent_at = now() WHERE id = ANY(%s)"
INBOX = "INSERT INTO bare.inbox (event_id) VALUES (%s) ON CONFLICT DO NOTHING"
NOTE = (
    "INSERT INTO bare.note_refs (note_id, user_id, title) VALUES (%(note_id)s, %(user_id)s, %(title)s)"
    " ON CONFLICT (note_id) DO UPDATE SET title = excluded.title"
)
ACTIVITY = (
    "INSERT INTO bare.activities (activity_id, user_id, note_id, word_count)"
    " VALUES (%(activity_id)s, %(user_id)s, %(note_id)s, %(word_count)s) ON CONFLICT DO NOTHING"
)
STATEMENTS = {"bare.note.changed": NOTE, "bare.activity.recorded": ACTIVITY}


Envelope = dict[str, object]


def rows(note_id: int, user_id: int, title: str, words: int) -> list[tuple[UUID, str, Envelope]]:
    """What a change puts into the outbox: the note, and the words written if there are any."""
    about = {"note_id": note_id, "user_id": user_id}
    sent: list[tuple[str, dict[str, object]]] = [("bare.note.changed", {**about, "title": title, "description": ""})]
    if words:
        sent.append(("bare.activity.recorded", {**about, "activity_id": str(uuid4()), "word_count": words}))
    return [(event_id := uuid4(), subject, _envelope(event_id, subject, data)) for subject, data in sent]


def body(envelope: Envelope) -> bytes:
    """An envelope as it is sent."""
    return json.dumps(envelope).encode()


async def publish(connection: AsyncConnection[dict[str, Any]], *events: tuple[UUID, str, Envelope]) -> None:
    """Put events into the outbox."""
    await connection.cursor().executemany(OUTBOX, [(key, subject, Jsonb(one)) for key, subject, one in events])


def _envelope(event_id: UUID, subject: str, data: dict[str, object]) -> Envelope:
    return {
        "specversion": "1.0",
        "id": str(event_id),
        "source": "/bench/bare",
        "type": subject,
        "datacontenttype": "application/json",
        "data": data,
    }


async def provision(url: str) -> None:
    """Make the stream and its durable consumer."""
    client = await nats.connect(url)
    stream = client.jetstream()
    await stream.add_stream(StreamConfig(name=STREAM, subjects=["bare.>"], storage=StorageType.FILE))
    await stream.add_consumer(
        STREAM, ConsumerConfig(durable_name=CONSUMER, ack_policy=AckPolicy.EXPLICIT, max_ack_pending=256)
    )
    await client.close()


async def relay(pool: AsyncConnectionPool[AsyncConnection[dict[str, Any]]], url: str, news: asyncio.Event) -> None:
    """Send what the outbox holds whenever there is news, several together."""
    client = await nats.connect(url)
    stream = client.jetstream()
    while True:
        await news.wait()
        news.clear()
        await asyncio.sleep(GATHER_SECONDS)
        async with pool.connection() as connection:
            while unsent := await (await connection.execute(UNSENT, (BATCH,))).fetchall():
                await asyncio.gather(
                    *(
                        stream.publish(
                            row["subject"],
                            body(row["envelope"]),
                            headers={"Nats-Msg-Id": str(row["event_id"])},
                        )
                        for row in unsent
                    )
                )
                await connection.execute(SENT, ([row["id"] for row in unsent],))


async def consume(database: str, url: str) -> None:
    """Keep the rows of events, those of a batch in one transaction."""
    client = await nats.connect(url)
    subscription = await client.jetstream().pull_subscribe_bind(CONSUMER, stream=STREAM)
    async with await psycopg.AsyncConnection.connect(database, autocommit=True) as connection:
        while True:
            with suppress(TimeoutError):
                messages = await subscription.fetch(FETCHED, timeout=FETCH_SECONDS)
                envelopes = [json.loads(message.data) for message in messages]
                async with connection.transaction():
                    cursor = connection.cursor()
                    await cursor.executemany(INBOX, [(one["id"],) for one in envelopes])
                    for subject, statement in STATEMENTS.items():
                        chosen = [one["data"] for one in envelopes if one["type"] == subject]
                        await cursor.executemany(statement, chosen)
                for message in messages:
                    await message.ack()


if __name__ == "__main__":
    sys.exit(asyncio.run(consume(os.environ["DATABASE_URL"], os.environ["NATS_URL"])))
