"""Blocks over HTTP (notes §6)."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from notechondria_shared.core.errors import NotFound
from notechondria_shared.db import Reads, SessionReader
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notechondria_shared.web.openapi import DETAIL
from notechondria_shared.web.route import api_router
from notes_service.block_editing import service
from notes_service.blocks import queries, schemas
from notes_service.callers import KnownCaller
from notes_service.notes.access import OwnNote

router = api_router("/api/v1", tags=["blocks"], responses={403: DETAIL, 404: DETAIL})


async def require_own_block(caller: KnownCaller, block_id: int, read: ReadSession) -> int:
    """The id of a block of the caller; checked before the body is checked."""
    service.check_owner(await read.one(queries.OWNER, block_id=block_id), caller.user_id)
    return block_id


OwnBlock = Annotated[int, Depends(require_own_block)]


@router.post("/notes/{note_id:id}/blocks/", status_code=201)
async def append_block(
    request: Request,
    caller: KnownCaller,
    note_id: OwnNote,
    body: schemas.CreateBlock,
    db: WriteSession,
) -> schemas.BlockObject:
    """Add a block at the end of an own note (notes §6.1); the note's text follows."""
    block_id = await service.append(db, caller.user_id, note_id, body.draft(), caller.precondition)
    return await _one(request, SessionReader(db), block_id)


@router.post("/notes/{note_id:id}/reorder/")
async def reorder_blocks(
    caller: KnownCaller,
    note_id: OwnNote,
    body: schemas.ReorderBlocks,
    db: WriteSession,
) -> schemas.Reordered:
    """Order the blocks of an own note (notes §6.4); 400 array unless exactly its blocks are named."""
    await service.reorder(db, caller.user_id, note_id, body.ordered_block_ids, caller.precondition)
    return schemas.Reordered(message="Blocks reordered.")


@router.patch("/blocks/{block_id:id}/")
async def change_block(
    request: Request,
    caller: KnownCaller,
    block_id: OwnBlock,
    body: schemas.UpdateBlock,
    db: WriteSession,
) -> schemas.BlockObject:
    """Change what is sent of an own block (notes §6.1): 404 unknown, 403 foreign, then field errors."""
    await service.change(db, caller.user_id, block_id, body, caller.precondition)
    return await _one(request, SessionReader(db), block_id)


@router.delete("/blocks/{block_id:id}/", status_code=204)
async def delete_block(caller: KnownCaller, block_id: OwnBlock, db: WriteSession) -> None:
    """Delete an own block (notes §6.1): 404 unknown, 403 foreign."""
    await service.remove(db, caller.user_id, block_id, caller.precondition)


async def _one(request: Request, read: Reads, block_id: int) -> schemas.BlockObject:
    row = await read.one(queries.ONE, block_id=block_id)
    if row is None:
        raise NotFound(service.UNKNOWN)
    return schemas.block_object(request, row)
