"""What a tool call leaves for the agents' log while it runs: ids it touched, and how it could be taken back."""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, Literal

from pydantic import BaseModel

ServiceName = Literal["identity", "notes", "planner"]
StepMethod = Literal["POST", "PATCH", "DELETE"]


class Check(BaseModel):
    """A GET whose answer must still hold these values, else the thing was changed since."""

    service: ServiceName
    path: str
    equals: dict[str, Any]
    row: int | None = None
    """For lists: the id of the row meant; None for a single object."""


class Step(BaseModel):
    """A call of REST that takes something back."""

    service: ServiceName
    method: StepMethod
    path: str
    body: dict[str, Any] | None = None


class Undo(BaseModel):
    """How to take a call back: all checks must hold, then the steps run in order."""

    checks: list[Check] = []
    steps: list[Step]

    def expected(self, step: Step) -> dict[str, Any]:
        """What the thing that `step` changes must still be: its owner looks once more, with the row locked."""
        return {
            name: value
            for check in self.checks
            if (check.service, check.path if check.row is None else f"{check.path}{check.row}/")
            == (step.service, step.path)
            for name, value in check.equals.items()
        }


@dataclass(slots=True)
class Journal:
    """The notes on one call."""

    touched: dict[str, list[int]] = field(default_factory=dict)
    undo: Undo | None = None
    final: str = "There is nothing to take back: the call changed nothing."

    def touch(self, **ids: int | None) -> None:
        """Remember ids the call was about, e.g. `note=5`."""
        for kind, number in ids.items():
            if number is not None and number not in (known := self.touched.setdefault(kind, [])):
                known.append(number)

    def can_undo(self, *steps: Step, checks: list[Check] | None = None) -> None:
        """Remember how the call is taken back."""
        self.undo = Undo(checks=checks or [], steps=list(steps))

    def cannot_undo(self, reason: str) -> None:
        """Remember why it is not taken back."""
        self.undo, self.final = None, reason


current_journal: ContextVar[Journal] = ContextVar("current_journal")


def journal() -> Journal:
    """The journal of the call in hand; outside of one, a journal nobody reads."""
    return current_journal.get(None) or Journal()
