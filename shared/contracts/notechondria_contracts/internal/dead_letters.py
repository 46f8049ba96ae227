"""What a service answers operators about its events (`notechondria events`). Times are ISO 8601 with `+00:00`."""

from __future__ import annotations

from pydantic import BaseModel


class DeadLetter(BaseModel):
    """An event that `consumer`, a service, gave up on after `attempts` tries; without what was in it."""

    consumer: str
    id: int
    event_id: str | None
    """None for a message that was no event at all."""
    subject: str
    error: str
    attempts: int
    failed_at: str
    replayed_at: str | None
    """When an operator had it applied after all."""


class DeadLetters(BaseModel):
    """A page of dead letters, newest first."""

    results: list[DeadLetter]
    total: int
    limit: int
    offset: int


class Discarded(BaseModel):
    """The dead letter is gone."""

    discarded: bool = True


class Replayed(BaseModel):
    """Whether the event went through, and why not."""

    replayed: bool
    error: str


class MarkedUnsent(BaseModel):
    """How many kept events are published again."""

    marked: int
