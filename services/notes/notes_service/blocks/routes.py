"""Blocks over HTTP (notes §6)."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from notechondria_shared.core.errors import NotFound
from notechondria_shared.db import Reads, SessionReader
from notechondria_shared.web import read_body
from notechondria_shared.web.answers import Json
from notechondria_shared.web.dependencies import ReadSession, WriteSession
from notechondria_shared.web.openapi import DETAIL
from notes_service.authors.contact import KnownCaller
from notes_service.blocks import editing, queries, schemas
from notes_service.notes.access import OwnNote

router = APIRouter(prefix="/api/v1", tags=["blocks"], responses={403: DETAIL, 404: DETAIL})


async def require_own_block(caller: KnownCaller, block_id: int, read: ReadSession) -> int:
    """The id of a block of the caller; checked before the body is looked at."""
    editing.check_owner(await read.one(queries.OWNER, block_id=block_id), caller.user_id)
    return block_id


OwnBlock = Annotated[int, Depends(require_own_block)]


@router.post("/notes/{note_id:id}/blocks/", response_model=schemas.BlockObject, status_code=201)
async def append_block(
    request: Request,
    caller: KnownCaller,
    note_id: OwnNote,
    wanted: Annotated[schemas.CreateBlock, read_body(schemas.CreateBlock)],
    db: WriteSession,
) -> Json:
    """Add a block at the end of an own note (notes §6.1); the note's text follows."""
    block_id = await editing.append(db, caller.user_id, note_id, wanted.draft())
    return Json(await _one(request, SessionReader(db), block_id), status_code=201)


@router.post("/notes/{note_id:id}/reorder/", response_model=schemas.Reordered)
async def reorder_blocks(
    caller: KnownCaller,
    note_id: OwnNote,
    wanted: Annotated[schemas.ReorderBlocks, read_body(schemas.ReorderBlocks)],
    db: WriteSession,
) -> Json:
    """Order the blocks of an own note (notes §6.4); 400 array unless exactly its blocks are named."""
    await editing.reorder(db, caller.user_id, note_id, wanted.ordered_block_ids)
    return Json({"message": "Blocks reordered."})


@router.patch("/blocks/{block_id:id}/", response_model=schemas.BlockObject)
async def change_block(
    request: Request,
    caller: KnownCaller,
    block_id: OwnBlock,
    wanted: Annotated[schemas.UpdateBlock, read_body(schemas.UpdateBlock)],
    db: WriteSession,
) -> Json:
    """Change what is sent of an own block (notes §6.1): 404 unknown, 403 foreign, then field errors."""
    await editing.change(db, caller.user_id, block_id, wanted)
    return Json(await _one(request, SessionReader(db), block_id))


@router.delete("/blocks/{block_id:id}/", status_code=204)
async def delete_block(caller: KnownCaller, block_id: OwnBlock, db: WriteSession) -> None:
    """Delete an own block (notes §6.1): 404 unknown, 403 foreign."""
    await editing.remove(db, caller.user_id, block_id)


async def _one(request: Request, read: Reads, block_id: int) -> schemas.BlockObject:
    row = await read.one(queries.ONE, block_id=block_id)
    if row is None:
        raise NotFound(editing.UNKNOWN)
    return schemas.block_object(request, row)
