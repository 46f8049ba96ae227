"""What planner answers other services."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, JsonValue


class FrontPageActivity(BaseModel):
    """`GET /internal/front-page/{user_id}` (planner §9): the heatmap and the next deadlines, passed on as they are."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    heatmap: dict[str, JsonValue]
    upcoming_events: list[dict[str, JsonValue]]
