"""The revision of an aggregate grows with its events, and nowhere else."""

from __future__ import annotations

import ast
from pathlib import Path
from types import SimpleNamespace
from typing import ClassVar

import pytest
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from notechondria_contracts.events import CATALOGUE, IntegrationEvent
from notechondria_shared.messaging import Aggregate

SERVICES = sorted((Path(__file__).resolve().parents[3] / "services").glob("*/*_service"))


class Base(DeclarativeBase):
    pass


class ThingState(IntegrationEvent):
    thing_id: int
    title: str

    @property
    def aggregate(self) -> str:
        return f"things/{self.thing_id}"


class ThingCreated(ThingState):
    subject: ClassVar[str] = "tests.thing.created"
    creates: ClassVar[bool] = True


class ThingUpdated(ThingState):
    subject: ClassVar[str] = "tests.thing.updated"


class Thing(Base, Aggregate[ThingState]):
    __tablename__ = "things"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]

    event_attributes = {"thing_id": "id", "title": "name"}  # noqa: RUF012 - never changed


def test_each_event_has_the_next_revision_and_the_first_one_the_first() -> None:
    thing = Thing(id=4, name="a", revision=1)
    assert thing.event(ThingCreated) == ThingCreated(thing_id=4, title="a", revision=1)
    thing.name = "b"
    assert thing.event(ThingUpdated) == ThingUpdated(thing_id=4, title="b", revision=2)
    assert thing.event(ThingUpdated).revision == thing.revision == 3


def test_a_statement_on_many_rows_counts_and_returns_what_its_events_need() -> None:
    compiled = Thing.bulk_change(Thing.name == "a", name="b").compile(dialect=postgresql.dialect())  # type: ignore[no-untyped-call]
    text = " ".join(str(compiled).split())
    assert "revision=(things.revision + %(revision_1)s" in text
    assert text.endswith("RETURNING things.id, things.name, things.revision")
    row = SimpleNamespace(id=4, name="b", revision=7)
    assert Thing.row_event(ThingUpdated, row).revision == 7
    assert Thing.final_event(ThingUpdated, row).revision == 8


def _sources() -> list[tuple[Path, ast.Module]]:
    return [(path, ast.parse(path.read_text())) for folder in SERVICES for path in folder.rglob("*.py")]


def _counts(node: ast.AST) -> bool:
    """True for `x.revision += 1`, and for `revision=<anything> + 1` in a call."""
    if isinstance(node, ast.AugAssign):
        return isinstance(node.target, ast.Attribute) and node.target.attr == "revision"
    return isinstance(node, ast.keyword) and node.arg == "revision" and isinstance(node.value, ast.BinOp)


STATEFUL = {kind.__name__ for kind in CATALOGUE.values() if kind.__mro__[1] is not IntegrationEvent}
"""Events that carry the state of an aggregate."""


def _imported_events(tree: ast.Module) -> set[str]:
    """Names of stateful events that a module imports."""
    return {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("notechondria_shared.messaging")
        for alias in node.names
    } & STATEFUL


@pytest.mark.parametrize("code", ["note.revision += 1", "update(Note).values(revision=Note.revision + 1)"])
def test_the_check_finds_a_revision_counted_by_hand(code: str) -> None:
    assert any(_counts(node) for node in ast.walk(ast.parse(code)))


def test_no_service_counts_a_revision_by_hand() -> None:
    sources = _sources()
    assert len(sources) > 200
    found = [f"{path}:{node.lineno}" for path, tree in sources for node in ast.walk(tree) if _counts(node)]  # type: ignore[attr-defined]
    assert found == []


def test_no_service_builds_an_event_of_an_aggregate_by_hand() -> None:
    assert {"NoteUpdated", "CourseDeleted", "PlannerEventCreated", "UserUpdated"} <= STATEFUL
    found = [
        f"{path}:{node.lineno}"
        for path, tree in _sources()
        for events in [_imported_events(tree)]
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in events
    ]
    assert found == []
