"""The same SQL behind nothing but FastAPI and psycopg: what `bench.notes` compares the product with."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request
from psycopg import AsyncConnection
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb
from psycopg_pool import AsyncConnectionPool

from notechondria_shared.web.answers import Json
from notes_service.blocks import queries as blocks
from notes_service.notes import queries
from notes_service.summaries.variants import Variant

PREFIX = "/api/v1/notes/bare"
"""Below a path of notes, so that it can be put behind the gateway as well."""
NOTE = (
    "INSERT INTO notes.notes (creator_id, uuid, sharing_id, title, description, is_public, content, excerpt,"
    " preview_lines, metadata_json, custom_meta, note_type, editor_mode, cover_image, revision, date_created,"
    " last_edit)"
    " VALUES (%s, %s, %s, %s, '', false, %s, '', '{}', '', '', 'N', 'G', '', 1, now(), now()) RETURNING id"
)
BLOCK = (
    "INSERT INTO notes.note_blocks (creator_id, note_id, block_type, text, is_ai_generated, image, file, date_created,"
    " last_edit) VALUES (%s, %s, %s, %s, false, '', '', now(), now()) RETURNING id"
)
INDEX = "INSERT INTO notes.note_index (note_id, block_id, position) VALUES (%s, %s, %s)"
OUTBOX = "INSERT INTO notes.outbox (event_id, subject, envelope, sent_at) VALUES (%s, %s, %s, now())"
PATCH = "UPDATE notes.notes SET metadata_json = %s, last_edit = now(), revision = revision + 1 WHERE id = %s"


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {
        name: value if value is None or isinstance(value, str | int | list) else str(value)
        for name, value in row.items()
    }


def create_app() -> FastAPI:
    """uvicorn's factory; DATABASE_URL is the role of notes."""
    pool: AsyncConnectionPool[AsyncConnection[dict[str, Any]]] = AsyncConnectionPool(
        os.environ["DATABASE_URL"],
        min_size=4,
        max_size=4,
        open=False,
        kwargs={"autocommit": True, "row_factory": dict_row},
    )

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await pool.open(wait=True)
        yield
        await pool.close()

    app = FastAPI(lifespan=lifespan)

    async def rows(sql: Any, **bound: Any) -> list[dict[str, Any]]:
        async with pool.connection() as connection:
            cursor = await connection.execute(sql, bound)
            return await cursor.fetchall()

    @app.get("/internal/health/live")
    async def live() -> Json:
        return Json({"status": "live"})

    @app.get(PREFIX + "/one/{note_id}")
    async def one(note_id: int) -> Json:
        (note,) = await rows(queries.DETAIL.sql, note_id=note_id)
        parts = await rows(blocks.OF_NOTE.sql, note_id=note_id)
        return Json({**_plain(note), "blocks": [_plain(part) for part in parts]})

    @app.get(PREFIX + "/list/{user_id}")
    async def listing(user_id: int) -> Json:
        query = queries.listed_page(Variant("personal"), "newest")
        return Json(
            [_plain(row) for row in await rows(query.sql, **query.constants, viewer=user_id, limit=50, offset=0)]
        )

    @app.post(PREFIX + "/all/{user_id}")
    async def create(request: Request, user_id: int) -> Json:
        body = await request.json()
        async with pool.connection() as connection, connection.transaction():
            new = (user_id, uuid4(), str(uuid4()), body["title"], body["content"])
            note = await (await connection.execute(NOTE, new)).fetchone()
            assert note is not None
            for position, kind in enumerate("TN"):
                block = await (await connection.execute(BLOCK, (user_id, note["id"], kind, body["content"]))).fetchone()
                assert block is not None
                await connection.execute(INDEX, (note["id"], block["id"], position))
            for subject in ("notes.note.created", "notes.activity.recorded"):
                await connection.execute(OUTBOX, (uuid4(), f"bench.{subject}", Jsonb({"note_id": note["id"]})))
        return Json({"id": note["id"]}, status_code=201)

    @app.patch(PREFIX + "/one/{note_id}")
    async def patch(request: Request, note_id: int) -> Json:
        body = await request.json()
        async with pool.connection() as connection, connection.transaction():
            await connection.execute("SELECT id FROM notes.notes WHERE id = %s FOR UPDATE", (note_id,))
            await connection.execute(PATCH, (body["metadata_json"], note_id))
            await connection.execute(OUTBOX, (uuid4(), "bench.notes.note.updated", Jsonb({"note_id": note_id})))
        return await one(note_id)

    return app
