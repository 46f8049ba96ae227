"""No network call while a transaction is open: the guard fires, and only then."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from sqlalchemy.ext.asyncio import AsyncSession
from tests.support.keys import ONE_KEY

from notechondria_contracts.clients.base import AUDIENCE
from notechondria_shared.core.keys import CallTokens, SigningKey
from notechondria_shared.core.media_location import MediaLocation
from notechondria_shared.core.network_guard import VARIABLE, NetworkInTransactionError, guarded
from notechondria_shared.storage.media import MediaStore
from notechondria_shared.web.clients import external_client, internal_client, user_client

CLOSED = "http://127.0.0.1:9/"
Call = Callable[[MediaStore], Awaitable[object]]


async def _listed(media: MediaStore) -> None:
    async for _ in media.listing("staging"):
        pass


async def _get(client: httpx.AsyncClient) -> None:
    async with client:
        await client.get(CLOSED, extensions={AUDIENCE: "identity"})


CALLS: dict[str, Call] = {
    "internal": lambda _: _get(internal_client(CallTokens("notes", SigningKey(ONE_KEY)))),
    "user": lambda _: _get(user_client()),
    "external": lambda _: _get(external_client()),
    "put": lambda media: media.put("a/b", b""),
    "get": lambda media: media.get("a/b"),
    "rename": lambda media: media.rename("a/b", "a/c"),
    "exists": lambda media: media.exists("a/b"),
    "delete": lambda media: media.delete("a/b"),
    "discard": lambda media: media.discard("a/b"),
    "delete_under": lambda media: media.delete_under("a"),
    "listing": _listed,
}


async def _try(media: MediaStore, call: Call, *, begin: bool, in_task: bool = False) -> BaseException | None:
    """What a call raises in a block that knows a session, which has begun a transaction or not."""
    session = AsyncSession()
    try:
        with guarded(session):
            if begin:
                session.sync_session.begin()
            if in_task:
                await asyncio.create_task(call(media))  # type: ignore[arg-type]  # they are coroutines
            else:
                await call(media)
    except Exception as error:
        return error
    finally:
        await session.close()
    return None


@pytest.fixture
def media(tmp_path: Path) -> MediaStore:
    return MediaStore(MediaLocation(tmp_path.as_uri()))


@pytest.mark.parametrize("name", CALLS)
def test_a_call_in_a_transaction_is_refused(monkeypatch: pytest.MonkeyPatch, media: MediaStore, name: str) -> None:
    monkeypatch.setenv(VARIABLE, "1")
    error = asyncio.run(_try(media, CALLS[name], begin=True))
    assert isinstance(error, NetworkInTransactionError)
    error = asyncio.run(_try(media, CALLS[name], begin=True, in_task=True))
    assert isinstance(error, NetworkInTransactionError)


@pytest.mark.parametrize("name", CALLS)
def test_a_call_outside_of_one_is_not(monkeypatch: pytest.MonkeyPatch, media: MediaStore, name: str) -> None:
    monkeypatch.setenv(VARIABLE, "1")
    assert not isinstance(asyncio.run(_try(media, CALLS[name], begin=False)), NetworkInTransactionError)
    monkeypatch.delenv(VARIABLE)
    assert not isinstance(asyncio.run(_try(media, CALLS[name], begin=True)), NetworkInTransactionError)


def test_the_stack_of_the_tests_enforces_the_rule() -> None:
    conftest = Path(__file__).resolve().parents[3] / "conftest.py"
    assert f'"{VARIABLE}": "1"' in conftest.read_text()
