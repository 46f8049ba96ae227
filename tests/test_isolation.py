"""One role and one bus user per service, each shut out of the others' (ADR 0001)."""

from __future__ import annotations

import asyncio
from itertools import permutations

import nats
import psycopg
import pytest
from nats.errors import Error as NatsError

from notechondria_launcher.stack import Stack

SERVICES = ("identity", "notes", "planner", "mcp")


@pytest.mark.parametrize(("role", "schema"), list(permutations(SERVICES, 2)))
def test_a_role_is_refused_in_the_schemas_of_the_others(stack: Stack, role: str, schema: str) -> None:
    attempts = (
        f"SELECT * FROM {schema}.outbox",
        f"INSERT INTO {schema}.deleted_users (user_id) VALUES (1)",
        f"CREATE TABLE {schema}.intruder (id int)",
        f"DROP SCHEMA {schema} CASCADE",
        "CREATE TABLE public.intruder (id int)",
        f"SET ROLE {schema}",
    )
    with psycopg.connect(stack.database_url(role), autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM outbox").fetchone() is not None
        for attempt in attempts:
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(attempt)


@pytest.mark.parametrize("user", SERVICES)
def test_a_bus_user_cannot_publish_events_of_another_service(stack: Stack, user: str) -> None:
    other = "notes" if user != "notes" else "identity"
    problems = asyncio.run(_publish(stack.nats_url(user), user, f"{other}.note.created"))
    assert any("permissions violation" in problem for problem in problems), problems
    assert not asyncio.run(_publish(stack.nats_url(user), user, f"{user}.test.nothing"))


async def _publish(url: str, user: str, subject: str) -> list[str]:
    problems: list[str] = []

    async def received(error: Exception) -> None:
        problems.append(str(error).lower())

    client = await nats.connect(url, inbox_prefix=f"_INBOX_{user}".encode(), error_cb=received)
    try:
        await client.publish(subject, b"{}")
        await client.flush()
        await asyncio.sleep(0.1)
    except NatsError as error:
        problems.append(str(error).lower())
    finally:
        await client.close()
    return problems
