"""Answers of handshake, ping, health and root (identity §6)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from notechondria_shared.web.internal import Liveness

SERVICE = "notechondria-backend"
"""By this name apps know that they speak to us."""


class RootAlive(Liveness):
    """`/` answers, and says whose it is."""

    service: str


class Build(BaseModel):
    """What was built, when, and for where; texts are empty when nobody said (identity §14)."""

    version: str
    commit: str
    """At most 40 characters."""
    build_time: str
    deploy_target: str


class Storage(BaseModel):
    """Where uploads lie: the kind, and its name for people (apps §2)."""

    backend: Literal["local", "s3", "r2"]
    label: str


class Handshake(BaseModel):
    """`GET /handshake/` (identity §6.1, apps §2)."""

    service: str
    api_version: Literal["v1"]
    version: str
    capabilities: Annotated[
        dict[str, int], Field(description="What this deployment offers, by name, with the level of each.")
    ]
    build: Build
    min_frontend_version: Annotated[str, Field(description="The oldest app that is supported; empty: all.")]
    storage: Storage


class Pong(BaseModel):
    """`GET /ping/`."""

    pong: Literal[True]
    service: str
    timestamp: Annotated[str, Field(json_schema_extra={"format": "date-time"})]
