"""What bodies may hold in memory, and which are waited for (decision 41)."""

from __future__ import annotations

import asyncio

import pytest
from starlette.types import Message

from notechondria_shared.core.errors import TooManyRequests, Unavailable
from notechondria_shared.web.body import STRUCTURE_LIMIT, read_json
from notechondria_shared.web.body_budget import FREE_BYTES, BodyBudget
from notechondria_shared.web.capacity import PROBE, Capacity
from notechondria_shared.web.slow_bodies import RequestTimeout, SlowBodies, TimedBody

KIB = 1024


def test_the_first_piece_of_a_body_is_free() -> None:
    budget = BodyBudget(process_bytes=0, client_bytes=0)
    with budget.hold("a") as hold:
        for _ in range(4):
            hold.add(FREE_BYTES // 4)
        with pytest.raises(Unavailable):
            hold.add(1)


def test_a_client_has_a_share_and_the_process_a_budget() -> None:
    budget = BodyBudget(process_bytes=300 * KIB, client_bytes=200 * KIB)
    with budget.hold("a") as first, budget.hold("a") as second, budget.hold("b") as other:
        first.add(FREE_BYTES + 150 * KIB)
        with pytest.raises(Unavailable):
            second.add(FREE_BYTES + 60 * KIB)
        other.add(FREE_BYTES + 150 * KIB)
        assert budget.held == 300 * KIB
        with budget.hold("c") as third, pytest.raises(Unavailable):
            third.add(FREE_BYTES + 1)
    assert budget.held == 0


def test_what_was_refused_is_given_back_too() -> None:
    budget = BodyBudget(process_bytes=100 * KIB, client_bytes=100 * KIB)
    for _ in range(20):
        with budget.hold("a") as hold:
            hold.add(FREE_BYTES + 100 * KIB)
            with pytest.raises(Unavailable):
                hold.add(1)
    assert budget.held == 0


@pytest.mark.parametrize(
    "text",
    ['"' + "[]," * STRUCTURE_LIMIT + '"', '"' + '\\"' * STRUCTURE_LIMIT + '"', '"' + "\\\\" * STRUCTURE_LIMIT + '"'],
)
def test_strings_may_be_as_long_as_they_like(text: str) -> None:
    assert len(read_json(text.encode())) >= STRUCTURE_LIMIT


@pytest.mark.parametrize(
    "data", [b"[" + b"0," * STRUCTURE_LIMIT + b"0]", b" " * (STRUCTURE_LIMIT + 1), b'"a' + b"[]," * STRUCTURE_LIMIT]
)
def test_json_outside_of_strings_is_bounded(data: bytes) -> None:
    with pytest.raises(ValueError, match="outside"):
        read_json(data)


def test_places_are_kept_for_what_is_essential() -> None:
    capacity = Capacity(at_once=2, per_client=5)
    with capacity.take("/api/v1/notes/", "a"), capacity.take("/api/v1/notes/", "b"):
        with pytest.raises(Unavailable), capacity.take("/api/v1/notes/", "c"):
            pass
        for path in (PROBE, "/internal/health/live", "/internal/introspect"):
            with capacity.take(path, ""):
                pass
    assert capacity.running == 0


def test_a_client_has_a_share_of_the_places_and_other_services_do_not_count() -> None:
    capacity = Capacity(at_once=100, per_client=2)
    with capacity.take("/x", "a"), capacity.take("/x", "a"):
        with pytest.raises(TooManyRequests), capacity.take("/x", "a"):
            pass
        with capacity.take("/x", "b"), capacity.take("/x", ""), capacity.take("/x", ""), capacity.take("/x", ""):
            pass
    with capacity.take("/x", "a"):
        pass


def test_the_longest_wait_ends_when_too_many_bodies_are_awaited() -> None:
    async def never() -> Message:
        await asyncio.sleep(3600)
        raise AssertionError

    async def story() -> list[bool]:
        bodies = SlowBodies(grace_seconds=3600, waiting_at_most=2)
        tasks = []
        for _ in range(4):
            tasks.append(asyncio.create_task(_outcome(TimedBody(never, bodies))))
            await asyncio.sleep(0.02)
        ended = [task.done() for task in tasks]
        for task in tasks:
            task.cancel()
        return ended

    assert asyncio.run(story()) == [True, True, False, False]


def test_the_deadline_moves_with_what_arrives_and_ends_with_the_body() -> None:
    async def story() -> str:
        pieces = iter([b"x" * 100, b"x" * 100, b""])

        async def receive() -> Message:
            await asyncio.sleep(0.1)
            piece = next(pieces)
            return {"type": "http.request", "body": piece, "more_body": bool(piece)}

        steady = TimedBody(receive, SlowBodies(grace_seconds=0.15, bytes_per_second=1000))
        for _ in range(3):
            await steady()

        async def trickle() -> Message:
            await asyncio.sleep(0.05)
            return {"type": "http.request", "body": b"x", "more_body": True}

        return await _outcome(TimedBody(trickle, SlowBodies(grace_seconds=0.15, bytes_per_second=1000)))

    assert asyncio.run(story()) == "timeout"


async def _outcome(body: TimedBody) -> str:
    try:
        while (await body()).get("more_body"):
            pass
    except RequestTimeout:
        return "timeout"
    return "complete"
