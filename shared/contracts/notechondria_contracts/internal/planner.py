"""What planner answers other services."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, JsonValue


class FrontPageActivity(BaseModel):
    """`GET /internal/front-page/{user_id}` (planner §9): the heatmap and the next deadlines, passed on as they are."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    heatmap: dict[str, JsonValue]
    upcoming_events: list[dict[str, JsonValue]]


OWN_PATH = "/internal/own"
MOST_NAMES = 1000


class PlannerNameQuery(BaseModel):
    """Ids of which a person asks what they are called; others' and unknown ones are left out of the answer."""

    event_ids: Annotated[list[int], Field(max_length=MOST_NAMES)] = []
    feed_ids: Annotated[list[int], Field(max_length=MOST_NAMES)] = []


class PlannerNames(BaseModel):
    """What events and feeds of a person are called."""

    events: dict[int, str]
    feeds: dict[int, str]
