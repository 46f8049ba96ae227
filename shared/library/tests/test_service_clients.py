"""Clients between services: typed answers, absence, refusals, outages."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from uuid import UUID

import httpx
import pytest

from notechondria_contracts.clients.base import ServiceRefused, ServiceUnavailable
from notechondria_contracts.clients.notes import NotesClient
from notechondria_contracts.clients.planner import PlannerClient
from notechondria_contracts.internal.notes import CourseReference, NoteReference
from notechondria_contracts.internal.planner import FrontPageActivity

NOTE = {
    "note_id": 7, "uuid": "6f1c1f52-5a0c-4a52-8b0b-2f0f0c7a9f11", "user_id": 3, "title": "t", "description": "",
    "course_id": None, "revision": 2, "state": "trashed",
}  # fmt: skip


def http(answer: Callable[[httpx.Request], httpx.Response]) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.MockTransport(answer))


def test_a_reference_comes_as_its_model_or_not_at_all() -> None:
    answers = {
        "/internal/notes/7/reference": httpx.Response(200, json=NOTE),
        "/internal/courses/5/reference": httpx.Response(
            200, json={"course_id": 5, "user_id": None, "title": "c", "revision": 1}
        ),
    }

    async def ask() -> None:
        missing = httpx.Response(404, json={"detail": "Note not found."})
        client = NotesClient(http(lambda request: answers.get(request.url.path, missing)), "http://notes/,http://other")
        expected = NoteReference.model_validate(NOTE)
        assert expected.uuid == UUID(str(NOTE["uuid"]))
        assert await client.note_reference(7) == expected
        assert await client.note_reference(8) is None
        assert await client.course_reference(5) == CourseReference(course_id=5, user_id=None, title="c", revision=1)
        assert await client.course_reference(6) is None

    asyncio.run(ask())


def test_what_planner_says_is_passed_on() -> None:
    part = {"heatmap": {"days": [1, None]}, "upcoming_events": [{"id": 1}], "unknown": 1}

    async def ask() -> FrontPageActivity:
        return await PlannerClient(http(lambda _: httpx.Response(200, json=part)), "http://planner").front_page(3)

    assert asyncio.run(ask()).model_dump() == {"heatmap": {"days": [1, None]}, "upcoming_events": [{"id": 1}]}


@pytest.mark.parametrize("answer", [httpx.Response(503), httpx.Response(200, json=[]), httpx.Response(200, text="?")])
def test_an_answer_that_is_no_model_is_an_outage(answer: httpx.Response) -> None:
    client = NotesClient(http(lambda _: answer), "http://notes")
    with pytest.raises(ServiceUnavailable, match="notes"):
        asyncio.run(client.note_reference(7))


def test_a_refusal_other_than_404_is_raised_with_its_body() -> None:
    client = NotesClient(http(lambda _: httpx.Response(403, json={"detail": "no"})), "http://notes")
    with pytest.raises(ServiceRefused) as refused:
        asyncio.run(client.note_reference(7))
    assert (refused.value.status, refused.value.body) == (403, {"detail": "no"})


def test_a_service_that_is_away_is_unavailable() -> None:
    def away(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(ServiceUnavailable):
        asyncio.run(NotesClient(http(away), "http://notes").note_reference(7))
