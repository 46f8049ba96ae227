"""A service's start says what is wrong; asked to stop, it leaves without losing a request (ADR 0022)."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator

import httpx
import psutil
import pytest
from tests.support.client import Api, eventually
from tests.support.ready_data import own_stack

from notechondria_launcher.stack import Stack
from notechondria_shared.db.wait import DatabaseUnavailable, wait_for_database

DRAIN_SECONDS = 3


@pytest.mark.contract("ADR 0022")
def test_a_start_goes_on_when_the_database_answers(stack: Stack) -> None:
    assert asyncio.run(wait_for_database(stack.database_url("notes"), 5)).startswith("127.0.0.1:")


@pytest.mark.contract("ADR 0022")
@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("notes:", "notes:wrong", 'password authentication failed for user "notes"'),
        ("/notechondria", "/nowhere", 'database "nowhere" does not exist'),
    ],
)
def test_a_start_ends_at_once_when_waiting_cannot_help(stack: Stack, old: str, new: str, words: str) -> None:
    with pytest.raises(DatabaseUnavailable, match="Check DATABASE_URL") as caught:
        asyncio.run(asyncio.wait_for(wait_for_database(stack.database_url("notes").replace(old, new), 300), 10))
    assert words in str(caught.value)


@pytest.mark.contract("ADR 0022")
def test_a_start_ends_when_the_database_does_not_answer_in_time() -> None:
    with pytest.raises(DatabaseUnavailable, match="did not answer within 1 s"):
        asyncio.run(wait_for_database("postgresql://x:y@127.0.0.1:9/z", 1))


@pytest.fixture(scope="module")
def draining() -> Iterator[Stack]:
    """A stack whose services take their time to leave."""
    with own_stack({"DRAIN_SECONDS": str(DRAIN_SECONDS)}) as running:
        yield running


@pytest.mark.contract("ADR 0022")
def test_a_service_that_leaves_says_so_and_still_answers(draining: Stack) -> None:
    url, process = draining.service_url("notes"), psutil.Process(draining.pid("notes"))
    with httpx.Client(base_url=url, trust_env=False) as direct, Api(draining) as api:
        assert direct.get("/internal/health/live").json() == {"status": "ok"}
        assert direct.head("/internal/health/live").status_code == 200
        signalled_at = time.monotonic()
        process.send_signal(signal.SIGTERM)
        eventually(lambda: direct.get("/internal/health/live").status_code == 503, 2)
        assert direct.head("/internal/health/live").status_code == 503
        assert direct.get("/internal/health/live").json()["detail"].startswith("Not live: Backend.Stop/drain")
        assert direct.get("/api/v1/courses/", headers={"Host": "localhost"}).status_code == 200
        # The gateway, which asks every second, sends nothing to it any more before it is gone.
        eventually(lambda: not draining.plan.traefik.sees("notes"), DRAIN_SECONDS)
        assert process.is_running()
        process.wait(20)
        assert time.monotonic() - signalled_at >= DRAIN_SECONDS
        eventually(lambda: api.get("courses/").status_code == 200, 30)
