"""Long arrays are sent in parts, with the bytes and the length of the array as a whole."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from fastapi import FastAPI, Response
from starlette.testclient import TestClient

from notechondria_shared.web.answers import AT_ONCE, SLICE, JsonParts, json_in_slices


@pytest.mark.parametrize("count", [0, 1, SLICE, SLICE + 1, 40 * SLICE])
@pytest.mark.parametrize("size", [1, AT_ONCE // SLICE])
def test_an_array_is_the_same_however_it_is_sent(count: int, size: int) -> None:
    items = [{"number": number, "text": "é" * (size if number % SLICE == 0 else 1)} for number in range(count)]
    sent: list[Response] = []

    async def slices() -> AsyncIterator[list[dict[str, object]]]:
        for first in range(0, count, SLICE):
            yield [dict(item) for item in items[first : first + SLICE]]
            yield []  # all of a slice may be gone

    app = FastAPI()

    @app.get("/", response_class=Response)
    async def long() -> Response:
        sent.append(await json_in_slices(slices()))
        return sent[0]

    with TestClient(app) as client:
        answer = client.get("/")
    assert answer.json() == items
    assert answer.headers["content-length"] == str(len(answer.content))
    assert answer.headers["content-type"] == "application/json; charset=utf-8"
    if len(answer.content) > 2 * AT_ONCE:
        assert isinstance(sent[0], JsonParts)


def test_parts_are_sent_one_after_the_other() -> None:
    app = FastAPI()

    @app.get("/", response_class=Response)
    async def parts() -> Response:
        return JsonParts([b"1,2", b"3"])

    with TestClient(app) as client:
        answer = client.get("/")
    assert (answer.json(), answer.headers["content-length"]) == ([1, 2, 3], "7")
