"""The same SQL behind nothing but FastAPI and psycopg: what `bench.notes` compares the product with.

What is written is what the product writes: note, blocks, their positions, events, which are sent and consumed
(`bench.bare_events`). What was written is read back for the answer.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request
from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool

from bench import bare_events
from notechondria_shared.web.answers import Json
from notes_service.blocks import queries as blocks
from notes_service.notes import queries

PREFIX = "/api/v1/notes/bare"
"""Below a path of notes, so that it can be put behind the gateway as well."""
NOTE = (
    "INSERT INTO notes.notes (creator_id, uuid, sharing_id, title, description, is_public, content, excerpt,"
    " preview_lines, metadata_json, custom_meta, note_type, editor_mode, cover_image, revision, date_created,"
    " last_edit)"
    " VALUES (%s, %s, %s, %s, '', false, %s, %s, %s, '', '', 'N', 'G', '', 1, now(), now()) RETURNING id"
)
BLOCK = (
    "INSERT INTO notes.note_blocks (creator_id, note_id, block_type, text, is_ai_generated, image, file, date_created,"
    " last_edit) VALUES (%s, %s, %s, %s, false, '', '', now(), now()) RETURNING id"
)
INDEX = "INSERT INTO notes.note_index (note_id, block_id, position) VALUES (%s, %s, %s)"
MINE = "SELECT creator_id, title FROM notes.notes WHERE id = %s AND creator_id = %s AND deleted_at IS NULL FOR UPDATE"
PATCH = "UPDATE notes.notes SET metadata_json = %s, last_edit = now(), revision = revision + 1 WHERE id = %s"
PATCH_TEXT = (
    "UPDATE notes.notes SET content = %s, excerpt = %s, preview_lines = %s, last_edit = now(), revision = revision + 1"
    " WHERE id = %s"
)
FORGET_INDEX = "DELETE FROM notes.note_index WHERE note_id = %s"
FORGET_BLOCKS = "DELETE FROM notes.note_blocks WHERE note_id = %s"


Pool = AsyncConnectionPool[AsyncConnection[dict[str, Any]]]
Connection = AsyncConnection[dict[str, Any]]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value if value is None or isinstance(value, str | int | list) else str(value)
        for name, value in row.items()
    }


def create_app() -> FastAPI:
    """uvicorn's factory; DATABASE_URL is the role of notes."""
    pool: Pool = AsyncConnectionPool(
        os.environ["DATABASE_URL"],
        min_size=4,
        max_size=4,
        open=False,
        kwargs={"autocommit": True, "row_factory": dict_row},
    )
    news = asyncio.Event()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await pool.open(wait=True)
        relay = asyncio.create_task(bare_events.relay(pool, os.environ["NATS_URL"], news))
        yield
        relay.cancel()
        await pool.close()

    app = FastAPI(lifespan=lifespan)
    _add_reads(app, pool)
    _add_writes(app, pool, news)
    return app


def _add_reads(app: FastAPI, pool: Pool) -> None:
    async def rows(sql: Any, **bound: Any) -> list[dict[str, Any]]:
        async with pool.connection() as connection:
            cursor = await connection.execute(sql, bound)
            return await cursor.fetchall()

    @app.api_route("/internal/health/live", methods=["GET", "HEAD"])
    async def live() -> Json:
        return Json({"status": "live"})

    @app.get(PREFIX + "/one/{note_id}")
    async def one(note_id: int) -> Json:
        (note,) = await rows(queries.DETAIL.sql, note_id=note_id)
        return Json(_plain(note))

    @app.get(PREFIX + "/list/{user_id}")
    async def listing(user_id: int) -> Json:
        query = queries.first_page("newest", 50)
        return Json([_plain(row) for row in await rows(query.sql, **query.constants, viewer=user_id)])


async def _detail(connection: Connection, note_id: int) -> dict[str, Any]:
    note = await (await connection.execute(queries.DETAIL.sql, {"note_id": note_id})).fetchone()
    assert note is not None
    parts = await (await connection.execute(blocks.OF_NOTE.sql, {"note_id": note_id})).fetchall()
    return {**_plain(note), "blocks": [_plain(part) for part in parts]}


async def _add_blocks(connection: Connection, note_id: int, user_id: int, title: str, text: str) -> None:
    for position, (kind, part) in enumerate((("T", title), ("N", text))):
        block = await (await connection.execute(BLOCK, (user_id, note_id, kind, part))).fetchone()
        assert block is not None
        await connection.execute(INDEX, (note_id, block["id"], position))


def _add_writes(app: FastAPI, pool: Pool, news: asyncio.Event) -> None:
    @app.post(PREFIX + "/all/{user_id}")
    async def create(request: Request, user_id: int) -> Json:
        body = await request.json()
        text = body["content"]
        async with pool.connection() as connection:
            async with connection.transaction():
                new = (user_id, uuid4(), str(uuid4()), body["title"], text, text[:220], [text[:220]])
                note = await (await connection.execute(NOTE, new)).fetchone()
                assert note is not None
                await _add_blocks(connection, note["id"], user_id, body["title"], text)
                events = bare_events.rows(note["id"], user_id, body["title"], len(text.split()))
                await bare_events.publish(connection, *events)
                answer = await _detail(connection, note["id"])
            news.set()
            return Json(answer, status_code=201)

    @app.patch(PREFIX + "/one/{note_id}/of/{user_id}")
    async def patch(request: Request, note_id: int, user_id: int) -> Json:
        body = await request.json()
        text = body.get("content")
        async with pool.connection() as connection:
            async with connection.transaction():
                note = await (await connection.execute(MINE, (note_id, user_id))).fetchone()
                assert note is not None
                if text is None:
                    await connection.execute(PATCH, (body["metadata_json"], note_id))
                else:
                    await connection.execute(PATCH_TEXT, (text, text[:220], [text[:220]], note_id))
                    await connection.execute(FORGET_INDEX, (note_id,))
                    await connection.execute(FORGET_BLOCKS, (note_id,))
                    await _add_blocks(connection, note_id, user_id, note["title"], text)
                    events = bare_events.rows(note_id, user_id, note["title"], len(text.split()))
                    await bare_events.publish(connection, *events)  # metadata alone is nothing that others keep
                answer = await _detail(connection, note_id)
            news.set()
            return Json(answer)
