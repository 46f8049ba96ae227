"""Whoever holds a service's password of the bus publishes what that service may publish, and nothing in another's name.

The broker cannot look into a stream's or consumer's configuration that is asked for, and many of its settings publish:
so a service's user may make and change none (ADR 0030).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from nats.js.errors import NotFoundError

from notechondria_cli.names import SERVICES_WITH_SCHEMA
from notechondria_contracts.events.event import Envelope
from notechondria_contracts.events.identity import UserDeleted
from notechondria_launcher.stack import Stack
from notechondria_shared.broker.topology import differing, own_stream, parts, present
from tests.support.bus_user import BusUser, connected
from tests.support.client import Api, User, eventually
from tests.support.operator_command import operator_command

STREAMS = ("IDENTITY", "NOTES", "PLANNER", "MCP", "KV_capabilities")
VICTIMS_SUBJECT = "identity.user.deleted"
Request = tuple[str, dict[str, Any]]


@pytest.fixture
def victim(api: Api) -> User:
    return api.register()


def _forged(user: User) -> bytes:
    event = UserDeleted(user_id=user.id, revision=1000)
    return json.dumps(Envelope.of(event, uuid4(), datetime.now(UTC)).document()).encode()


def _stream(name: str, **settings: Any) -> Request:
    return name, {"name": name, "subjects": [f"{name.lower()}.>"], "storage": "file", **settings}


def _stream_requests() -> Iterator[Request]:
    """Configurations of streams that would publish for somebody else, as updates and as new streams."""
    updates: tuple[dict[str, Any], ...] = (
        {"subject_transform": {"src": "planner.>", "dest": VICTIMS_SUBJECT}},
        {"republish": {"src": "planner.event.created", "dest": VICTIMS_SUBJECT}},
        {"sources": [{"name": "NOTES", "subject_transforms": [{"src": "notes.>", "dest": "planner.>"}]}]},
        {"subjects": ["planner.>", "identity.user.>"]},
        {"max_age": 1_000_000_000},
        {},
    )
    for settings in updates:
        name, config = _stream("PLANNER", **settings)
        yield f"STREAM.UPDATE.{name}", config
        yield f"STREAM.CREATE.{name}", config
    foreign: tuple[Request, ...] = (
        ("OTHER", {"republish": {"src": ">", "dest": VICTIMS_SUBJECT}}),
        ("OTHER", {"mirror": {"name": "IDENTITY"}, "subjects": []}),
        ("OTHER", {"subjects": ["$JS.ACK.>"], "no_ack": True}),
        ("KV_capabilities", {"subjects": ["$KV.capabilities.>"]}),
    )
    for name, settings in foreign:
        yield f"STREAM.CREATE.{name}", _stream(name, **settings)[1]
        yield f"STREAM.UPDATE.{name}", _stream(name, **settings)[1]


def _consumer_requests() -> Iterator[Request]:
    """Push and pull consumers on every stream, by each way of making one, and what is done to those that are there."""
    for stream in STREAMS:
        for config in (
            {"deliver_subject": VICTIMS_SUBJECT, "ack_policy": "none"},
            {"deliver_subject": "_INBOX_notes.x", "ack_policy": "none", "flow_control": True, "idle_heartbeat": 10**9},
            {"ack_policy": "explicit"},
        ):
            body = {"stream_name": stream, "config": {**config, "durable_name": "planner", "name": "planner"}}
            yield f"CONSUMER.CREATE.{stream}", {"stream_name": stream, "config": config}
            yield f"CONSUMER.CREATE.{stream}.planner", body
            yield f"CONSUMER.CREATE.{stream}.planner.planner.event.created", body
            yield f"CONSUMER.DURABLE.CREATE.{stream}.planner", body
        for what in (
            "CONSUMER.DELETE",
            "CONSUMER.PAUSE",
            "CONSUMER.RESET",
            "CONSUMER.UNPIN",
            "CONSUMER.LEADER.STEPDOWN",
        ):
            yield f"{what}.{stream}.planner", {}


def _other_requests() -> Iterator[Request]:
    for stream in STREAMS:
        for what in (
            "DELETE",
            "PURGE",
            "SNAPSHOT",
            "RESTORE",
            "MSG.DELETE",
            "LEADER.STEPDOWN",
            "PEER.REMOVE",
            "MSG.GET",
        ):
            yield f"STREAM.{what}.{stream}", {"seq": 1}
        # The stored bytes as they are, sent to the reply subject: a key of its own would be an event of somebody else.
        yield f"DIRECT.GET.{stream}", {"seq": 1}
        yield f"DIRECT.GET.{stream}.$KV.capabilities.planner", {}
        if stream != "PLANNER":
            yield f"STREAM.INFO.{stream}", {}
    for consumer in ("IDENTITY.notes", "IDENTITY.mcp", "PLANNER.planner", "PLANNER.notes"):
        yield f"CONSUMER.MSG.NEXT.{consumer}", {"batch": 1}
        yield f"CONSUMER.INFO.{consumer}", {}
    for subject in (
        "STREAM.NAMES",
        "STREAM.LIST",
        "CONSUMER.NAMES.IDENTITY",
        "CONSUMER.LIST.IDENTITY",
        "ACCOUNT.PURGE.X",
    ):
        yield subject, {}


def _as_planner(stack: Stack, story: Callable[[BusUser, BusUser], Awaitable[None]]) -> None:
    """Run a story with the planner's connection and the administrator's."""

    async def both() -> None:
        async with connected(stack, "planner") as planner, connected(stack, "admin") as admin:
            await story(planner, admin)

    asyncio.run(both())


async def _forgeries(admin: BusUser) -> int:
    """How many events say that an account is deleted."""
    info = await admin.js.stream_info("IDENTITY", subjects_filter=VICTIMS_SUBJECT)
    return sum((info.state.subjects or {}).values())


@pytest.mark.parametrize("kind", [_stream_requests, _consumer_requests, _other_requests])
def test_a_service_makes_and_changes_nothing_on_the_bus(
    stack: Stack, victim: User, kind: Callable[[], Iterator[Request]]
) -> None:
    async def story(planner: BusUser, admin: BusUser) -> None:
        before = await _forgeries(admin)
        await planner.js.publish("$KV.capabilities.planner", _forged(victim))
        for subject, body in kind():
            sent = planner.client.publish(f"$JS.API.{subject}", json.dumps(body).encode(), reply=VICTIMS_SUBJECT)
            assert await planner.is_refused(sent), subject
        await planner.js.publish("planner.event.created", _forged(victim))
        assert await _forgeries(admin) == before
        for part in parts(1):
            there = await present(admin.client, part)
            assert there is not None
            assert differing(there, part.settings) == [], part.title
        with pytest.raises(NotFoundError):
            await admin.js.stream_info("OTHER")

    _as_planner(stack, story)
    assert victim.get("courses/").status_code == 200


def test_a_service_publishes_in_nobodys_name_and_reads_nobodys_inbox(stack: Stack, victim: User) -> None:
    foreign = [
        VICTIMS_SUBJECT,
        "identity.session.revoked",
        "notes.note.purged",
        "mcp.x",
        "$KV.capabilities.identity",
        "$KV.other.planner",
        "$JS.ACK.IDENTITY.notes.1.1.1.1.0",
        "$JS.ACK.NOTES.other.1.1.1.1.0",
        "$JS.FC.IDENTITY.x",
        "$SYS.REQ.SERVER.PING",
        "_INBOX_notes.x",
        "_INBOX.x",
    ]
    readable = [
        ">",
        "*",
        "planner.>",
        "notes.>",
        "identity.>",
        "_INBOX_notes.>",
        "_INBOX.>",
        "$KV.>",
        "$JS.EVENT.>",
        "$SYS.>",
    ]

    async def story(planner: BusUser, admin: BusUser) -> None:
        before = await _forgeries(admin)
        for subject in foreign:
            assert await planner.is_refused(planner.client.publish(subject, _forged(victim))), subject
        for subject in readable:
            assert await planner.is_refused(planner.client.subscribe(subject)), subject
        assert await _forgeries(admin) == before

    _as_planner(stack, story)


@pytest.fixture
def clean_dead_letters(stack: Stack) -> Iterator[None]:
    """Forget the dead letters that a test makes on purpose."""
    marks = {}
    for service in SERVICES_WITH_SCHEMA:
        with psycopg.connect(stack.database_url(service), autocommit=True) as database:
            row = database.execute("SELECT coalesce(max(id), 0) FROM dead_letters").fetchone()
            marks[service] = row[0] if row else 0
    yield
    for service, newest in marks.items():
        with psycopg.connect(stack.database_url(service), autocommit=True) as database:
            database.execute("DELETE FROM dead_letters WHERE id > %s", (newest,))


@pytest.mark.usefixtures("clean_dead_letters")
def test_an_answer_of_the_broker_that_is_sent_to_a_foreign_subject_deletes_nobody(stack: Stack, victim: User) -> None:
    """The broker does not check the reply subject of a request: its own words arrive there, never the asker's."""
    answers = ("STREAM.INFO.PLANNER", "CONSUMER.INFO.NOTES.planner", "CONSUMER.MSG.NEXT.NOTES.planner")

    async def story(planner: BusUser, admin: BusUser) -> None:
        await planner.js.publish("planner.event.created", _forged(victim))
        for subject in answers:
            body = json.dumps({"batch": 1, "no_wait": True}).encode()
            await planner.client.publish(f"$JS.API.{subject}", body, reply=VICTIMS_SUBJECT)
        await planner.client.flush()
        # Consumers have taken all of it when nothing waits for them.
        async with asyncio.timeout(30):
            for consumer in ("notes", "planner", "mcp"):
                while True:
                    info = await admin.js.consumer_info("IDENTITY", consumer)
                    if not info.num_pending and not info.num_ack_pending:
                        break
                    await asyncio.sleep(0.1)

    _as_planner(stack, story)
    assert victim.get("courses/").status_code == 200
    for service in SERVICES_WITH_SCHEMA:
        with psycopg.connect(stack.database_url(service)) as database:
            found = database.execute("SELECT FROM deleted_users WHERE user_id = %s", (victim.id,)).fetchone()
        assert found is None, service


@pytest.mark.contract("ADR 0030")
def test_what_the_administrator_changed_is_named_and_put_back(stack: Stack) -> None:
    expected = own_stream("planner", 1)
    changed = {**expected.settings, "subject_transform": {"src": "planner.>", "dest": "x.>"}, "max_age": 7 * 10**12}

    async def story(_: BusUser, admin: BusUser) -> None:
        update = await admin.client.request("$JS.API.STREAM.UPDATE.PLANNER", json.dumps(changed).encode())
        assert "error" not in json.loads(update.data)
        push = {"durable_name": "push", "deliver_subject": VICTIMS_SUBJECT, "ack_policy": "none"}
        body = json.dumps({"stream_name": "NOTES", "config": {**push, "filter_subject": "notes.none.x"}}).encode()
        made = await admin.client.request("$JS.API.CONSUMER.DURABLE.CREATE.NOTES.push", body)
        assert "error" not in json.loads(made.data)

    _as_planner(stack, story)
    operator_command(stack)("events", "provision")

    async def look(_: BusUser, admin: BusUser) -> None:
        there = await present(admin.client, expected)
        assert there is not None
        assert differing(there, expected.settings) == []
        with pytest.raises(NotFoundError):
            await admin.js.consumer_info("NOTES", "push")

    _as_planner(stack, look)
    assert operator_command(stack)("events", "provision", "--check") == {"changes": []}


@pytest.mark.contract("ADR 0030")
def test_a_stream_and_consumers_that_were_lost_are_made_again(stack: Stack, api: Api) -> None:
    async def lose(_: BusUser, admin: BusUser) -> None:
        await admin.js.delete_consumer("NOTES", "planner")
        await admin.js.delete_stream("MCP")

    async def there(_: BusUser, admin: BusUser) -> None:
        assert (await admin.js.consumer_info("NOTES", "planner")).name == "planner"
        assert (await admin.js.stream_info("MCP")).config.subjects == ["mcp.>"]

    def is_there() -> bool:
        try:
            _as_planner(stack, there)
        except NotFoundError:
            return False
        return True

    _as_planner(stack, lose)
    eventually(is_there, what="what was lost is made again")
    assert api.register().get("courses/").status_code == 200
