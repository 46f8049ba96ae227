"""What is compared and put back on the bus, with a broker in states that a test cannot bring about in time."""

from __future__ import annotations

import asyncio
import json
import logging
from types import SimpleNamespace
from typing import Any

import pytest
from nats.js.errors import ServiceUnavailableError

from notechondria_contracts.services import SERVICES_WITH_SCHEMA
from notechondria_shared.broker.provisioning import Change, provision, report
from notechondria_shared.broker.topology import Part, Settings, differing, own_consumers, own_stream, parts
from notechondria_shared.messaging.provisioning_check import ProvisioningCheck

UNKNOWN = {"code": 404, "err_code": 10059, "description": "stream not found"}
NO_PEERS = {"code": 400, "err_code": 10005, "description": "no suitable peers"}
PUSH_NOW = {"code": 500, "err_code": 10012, "description": "can not update pull consumer to push based"}
AWAY = {"code": 503, "err_code": 10008, "description": "JetStream system temporarily unavailable"}


class Broker:
    """Keeps configurations by path; `refusals` are its errors by the beginning of a subject."""

    def __init__(self, replicas: int = 1) -> None:
        self.kept: dict[str, Settings] = {part.path: dict(part.settings) for part in parts(replicas)}
        self.pushes: dict[str, str] = {}
        self.refusals: dict[str, dict[str, Any]] = {}
        self.asked: list[str] = []

    async def request(self, subject: str, content: bytes, timeout: float) -> SimpleNamespace:
        name = subject.removeprefix("$JS.API.")
        kind, what, path = name.split(".", 2)
        if what not in ("INFO", "LIST"):
            self.asked.append(name)
        return SimpleNamespace(data=json.dumps(self._answer(name, kind, what, path, content)).encode())

    def _answer(self, name: str, kind: str, what: str, path: str, content: bytes) -> dict[str, Any]:
        for beginning, error in self.refusals.items():
            if name.startswith(beginning):
                return {"error": error}
        if what == "LIST":
            pushes = self.pushes.items() if path == "NOTES" else ()
            return {"consumers": [{"name": one, "config": {"deliver_subject": to}} for one, to in pushes]}
        if what == "INFO":
            return {"config": self.kept[path]} if path in self.kept else {"error": UNKNOWN}
        if what == "DELETE":
            self.kept.pop(path, None)
            self.pushes.pop(path.rpartition(".")[2], None)
            return {"success": True}
        body = json.loads(content)
        self.kept[path] = body["config"] if kind == "CONSUMER" else body
        return {"config": self.kept[path]}

    def provision(self, replicas: int = 1, *, change: bool = True) -> list[Change]:
        self.asked = []
        return asyncio.run(provision(self, replicas, change=change))  # type: ignore[arg-type]


def test_everything_is_made_once() -> None:
    broker = Broker()
    broker.kept.clear()
    expected = [part.title for part in parts(1)]
    assert [(one.part, one.action) for one in broker.provision(change=False)] == [
        (name, "missing") for name in expected
    ]
    assert not broker.asked
    assert [(one.part, one.action) for one in broker.provision()] == [(name, "made") for name in expected]
    assert broker.provision() == []
    assert not broker.asked


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("subjects", ["planner.>", "other.>"]),
        ("subject_transform", {"src": ">", "dest": "identity.>"}),
        ("republish", {"src": ">", "dest": "identity.>"}),
        ("sources", [{"name": "NOTES"}]),
        ("mirror", {"name": "NOTES"}),
        ("retention", "interest"),
        ("max_age", 1),
        ("max_msgs", 5),
        ("discard", "new"),
        ("no_ack", True),
        ("allow_direct", True),
        ("sealed", True),
        ("metadata", {"owner": "somebody"}),
        ("a_setting_of_a_later_version", True),
    ],
)
def test_any_setting_of_a_stream_that_differs_is_named_and_put_back(name: str, value: Any) -> None:
    broker = Broker()
    broker.kept["PLANNER"][name] = value
    wrong = [Change(part="stream PLANNER", action="differs", settings=[name])]
    assert broker.provision(change=False) == wrong
    assert report(wrong) == 1
    assert broker.provision() == [Change(part="stream PLANNER", action="put back", settings=[name])]
    assert broker.asked == ["STREAM.UPDATE.PLANNER"]
    assert broker.provision() == []


def test_what_a_broker_adds_by_itself_is_no_difference() -> None:
    added: Settings = {
        "max_consumers": -1, "max_bytes": -1, "compression": "none", "sealed": False, "consumer_limits": {},
        "metadata": {"_nats.ver": "2.15.1", "_nats.req.level": "0"}, "description": "", "mirror_direct": False,
    }  # fmt: skip
    for part in parts(1):
        assert differing({**part.settings, **added}, part.settings) == []


def test_copies_that_cannot_be_had_leave_nothing_else_wrong() -> None:
    broker = Broker()
    broker.kept["NOTES"]["republish"] = {"src": ">", "dest": "identity.>"}
    accepted = broker.provision(3)
    assert [(one.part, one.settings) for one in accepted][1] == ("stream NOTES", ["num_replicas", "republish"])
    broker = Broker()
    broker.kept["NOTES"]["num_replicas"] = 1
    broker.refusals["STREAM.UPDATE."] = NO_PEERS
    changes = broker.provision(3)
    assert {(one.action, *one.settings, one.error) for one in changes} == {
        ("failed", "num_replicas", "no suitable peers")
    }
    assert report(changes) == 1


def test_a_consumer_that_cannot_be_changed_is_made_anew() -> None:
    broker = Broker()
    broker.kept["NOTES.planner"]["deliver_subject"] = "identity.user.deleted"
    (expected,) = [part for part in own_consumers("planner") if part.stream == "NOTES"]
    assert broker.provision() == [Change(part=expected.title, action="put back", settings=["deliver_subject"])]
    assert broker.kept["NOTES.planner"] == expected.settings
    broker.kept["NOTES.planner"]["filter_subjects"] = ["notes.>"]
    create = broker.refusals
    create["CONSUMER.CREATE.NOTES.planner"] = PUSH_NOW
    (change,) = broker.provision()
    assert (change.action, change.error) == ("failed", PUSH_NOW["description"])
    assert broker.asked == [
        "CONSUMER.CREATE.NOTES.planner", "CONSUMER.DELETE.NOTES.planner", "CONSUMER.CREATE.NOTES.planner",
    ]  # fmt: skip


def test_consumers_that_push_to_a_subject_of_somebody_are_removed_and_inboxes_of_people_are_not() -> None:
    broker = Broker()
    broker.pushes = {"evil": "identity.user.deleted", "inboxed": "_INBOX_notes.x", "person": "_INBOX.y"}
    removed = {"consumer evil of NOTES", "consumer inboxed of NOTES"}
    assert {(one.part, one.action) for one in broker.provision()} == {(name, "removed") for name in removed}
    assert set(broker.pushes) == {"person"}


def test_a_broker_that_chooses_its_leaders_is_asked_again_by_the_caller() -> None:
    broker = Broker()
    broker.refusals["STREAM.INFO"] = AWAY
    with pytest.raises(ServiceUnavailableError):
        broker.provision()


@pytest.mark.parametrize("service", SERVICES_WITH_SCHEMA)
def test_a_service_says_once_what_it_waits_for_and_goes_on_by_itself(
    service: str, caplog: pytest.LogCaptureFixture
) -> None:
    broker = Broker()
    lost: list[Part] = [own_stream(service, 1), *own_consumers(service)]
    bus = SimpleNamespace(service=service, replicas=1, connected=True, client=broker, on_connect=lambda _: None)
    check = ProvisioningCheck(bus)  # type: ignore[arg-type]
    caplog.set_level(logging.INFO, "notechondria.bus")

    async def story() -> None:
        for part in lost:
            del broker.kept[part.path]
        for _ in range(3):
            assert await check._look() < 10
        for part in lost:
            broker.kept[part.path] = part.settings
        assert await check._look() > 10

    asyncio.run(story())
    waiting, right = caplog.messages
    assert all(f"{part.title} does not exist" in waiting for part in lost)
    assert "notechondria events provision" in waiting
    assert right == "bus: stream and consumers are as they should be"
