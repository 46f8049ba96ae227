"""What a tool call records for the agents' log while it runs: ids it touched, and how it could be taken back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from pydantic import BaseModel, JsonValue

from mcp_service.upstream.client import JsonObject, ServiceName

StepMethod = Literal["POST", "PATCH", "DELETE"]


class Check(BaseModel):
    """A GET whose answer must still hold these values; otherwise somebody changed it since."""

    service: ServiceName
    path: str
    equals: JsonObject
    row: int | None = None
    """For lists: the id of the row meant; None for a single object."""


class Step(BaseModel):
    """A call of REST that takes something back."""

    service: ServiceName
    method: StepMethod
    path: str
    body: JsonObject | None = None


class Undo(BaseModel):
    """How to take a call back: all checks must hold, then the steps run in order."""

    checks: list[Check] = []
    steps: list[Step]
    before: list[Check] = []
    """What the rows were like right before the call: when calls are taken back together, an older one follows on."""

    def expected(self, step: Step) -> JsonObject:
        """The values that the row changed by `step` must still have: its owner compares again, with the row locked."""
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
    names: list[str] = field(default_factory=list)
    """What it was about is called so."""
    undo: Undo | None = None
    final: str = "There is nothing to take back: the call changed nothing."

    def touch(self, **ids: JsonValue) -> None:
        """Remember ids the call was about, e.g. `note=5`; what is no number is left out."""
        for kind, number in ids.items():
            if isinstance(number, int) and number not in (known := self.touched.setdefault(kind, [])):
                known.append(number)

    def about(self, title: JsonValue) -> None:
        """Remember what a thing is called that the arguments name by its id alone."""
        if isinstance(title, str) and title not in self.names:
            self.names.append(title)

    def can_undo(self, *steps: Step, checks: list[Check] | None = None, before: list[Check] | None = None) -> None:
        """Remember how the call is taken back."""
        self.undo = Undo(checks=checks or [], steps=list(steps), before=before or [])

    def cannot_undo(self, reason: str) -> None:
        """Remember why it is not taken back."""
        self.undo, self.final = None, reason
