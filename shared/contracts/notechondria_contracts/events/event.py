"""What every event is: a subject, an aggregate, a revision; and its CloudEvents 1.0 envelope."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class IntegrationEvent(BaseModel, ABC):
    """Something that happened and was committed. A subclass is one subject of the catalogue."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    subject: ClassVar[str]
    """`<service>.<thing>.<what happened>`; also the CloudEvents type."""
    creates: ClassVar[bool] = False
    """True for the first event of an aggregate, which has its first revision."""
    personal: ClassVar[Mapping[str, str]] = {}
    """Fields that hold what people wrote or are called, and their values once the account is deleted (ADR 0031)."""
    revision: int = Field(ge=1, description="Grows with each change of the aggregate; an older one never overwrites.")

    @property
    @abstractmethod
    def aggregate(self) -> str:
        """The thing the event is about, e.g. `notes/812`."""

    @classmethod
    def service(cls) -> str:
        """The service that publishes this event."""
        return cls.subject.partition(".")[0]


class Envelope(BaseModel):
    """CloudEvents 1.0, structured JSON mode, one event in `data`."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    specversion: Literal["1.0"] = "1.0"
    id: UUID
    source: str = Field(description="`/notechondria/<service>`")
    type: str = Field(description="The subject the event is published on.")
    subject: str = Field(description="The aggregate, e.g. `notes/812`.")
    time: datetime
    datacontenttype: Literal["application/json"] = "application/json"
    data: dict[str, Any]
    traceparent: str | None = Field(
        None, description="The W3C trace context of the request that published the event; only where traces are made."
    )

    @classmethod
    def of(cls, event: IntegrationEvent, event_id: UUID, at: datetime, traceparent: str | None = None) -> Self:
        """Wrap an event."""
        return cls(
            id=event_id,
            source=f"/notechondria/{event.service()}",
            type=event.subject,
            subject=event.aggregate,
            time=at,
            data=event.model_dump(mode="json"),
            traceparent=traceparent,
        )

    def document(self) -> dict[str, Any]:
        """The envelope as JSON values; CloudEvents knows no attributes that are null."""
        return self.model_dump(mode="json", exclude=None if self.traceparent else {"traceparent"})
