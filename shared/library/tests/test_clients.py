"""Clients of the services: an answer is a model, a refusal is passed on, everything else is a service that is away."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest

from notechondria_contracts.admin import AdminOutcome, AdminQuery
from notechondria_contracts.clients.base import ServiceRefused, ServiceUnavailable
from notechondria_contracts.clients.identity import IdentityClient
from notechondria_contracts.clients.notes import NotesClient
from notechondria_contracts.internal.status import ServiceStatus

Answer = Callable[[httpx.Request], httpx.Response]


async def ask(answer: Answer, url: str = "http://notes:8000/") -> ServiceStatus:
    """The status of a service that answers so."""
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
        return await NotesClient(http, url).status()


def test_an_answer_is_a_model_of_the_first_address() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"name": "notes", "version": "1.2.3"})

    found = asyncio.run(ask(answer, " http://one:8000/ , http://two:8000"))
    assert (found.name, found.version, found.database) == ("notes", "1.2.3", None)
    assert str(asked[0].url) == "http://one:8000/internal/status"


@pytest.mark.parametrize(
    "response",
    [
        httpx.Response(500, json={"detail": "boom"}),
        httpx.Response(503),
        httpx.Response(302, headers={"Location": "/elsewhere"}),
        httpx.Response(200, text="<html>"),
        httpx.Response(200, json={"surprise": True}),
        httpx.Response(404, text="no JSON"),
    ],
)
def test_what_is_no_answer_is_a_service_that_is_away(response: httpx.Response) -> None:
    with pytest.raises(ServiceUnavailable, match="The notes service does not answer") as caught:
        asyncio.run(ask(lambda _: response))
    assert caught.value.service == "notes"


def test_a_connection_that_fails_is_a_service_that_is_away() -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(ServiceUnavailable):
        asyncio.run(ask(answer))


def test_a_refusal_keeps_status_body_and_headers() -> None:
    response = httpx.Response(429, json={"detail": "wait"}, headers={"Retry-After": "7"})
    with pytest.raises(ServiceRefused) as caught:
        asyncio.run(ask(lambda _: response))
    refusal = caught.value
    assert (refusal.status, refusal.body, refusal.headers["retry-after"]) == (429, {"detail": "wait"}, "7")


def test_an_action_carries_its_fields_and_who_stands_behind_it() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, text="null")

    async def act() -> AdminOutcome:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            return await NotesClient(http, "http://notes").admin_act(
                "notes", 5, "trash", {"why": "é"}, "word", session_id=7
            )

    assert asyncio.run(act()) == AdminOutcome()
    assert (asked[0].method, asked[0].url.path) == ("POST", "/internal/admin/notes/5/trash")
    assert asked[0].headers["x-internal-assertion"] == "word"
    assert asked[0].headers["x-internal-staff-session"] == "7"
    assert asked[0].read() == '{"why":"é"}'.encode()


def test_a_page_is_asked_for_with_what_is_set() -> None:
    asked: list[httpx.Request] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(200, json={"rows": [], "total": 0})

    async def look() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as http:
            await NotesClient(http, "http://notes").admin_page("notes", AdminQuery(search="a b", limit=25))

    asyncio.run(look())
    assert dict(asked[0].url.params) == {"search": "a b", "limit": "25"}


def test_nobody_is_asked_for_the_names_of_nobody() -> None:
    async def names() -> dict[int, str]:
        async with httpx.AsyncClient(transport=httpx.MockTransport(lambda _: httpx.Response(500))) as http:
            return await IdentityClient(http, "http://identity").account_names([])

    assert asyncio.run(names()) == {}
