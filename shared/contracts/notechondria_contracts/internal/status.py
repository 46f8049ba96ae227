"""The status of a service as it is passed on: from the service to whoever asks, and out of `GET /api/v1/status/`."""

from __future__ import annotations

from pydantic import BaseModel, Field

STATUS_PATH = "/internal/status"


class InstanceStatus(BaseModel):
    """One replica that is alive."""

    id: str
    version: str
    processes: int


class MigrationStatus(BaseModel):
    """Where the schema is, and where the service's files are."""

    revision: str | None = None
    head: str | None = None
    current: bool | None = None


class OutboxStatus(BaseModel):
    """Events that wait to be sent."""

    unsent: int
    oldest_seconds: float


class ConsumerStatus(BaseModel):
    """A durable consumer of the service: not taken yet, taken but not done, given more than once."""

    stream: str
    pending: int
    ack_pending: int
    redelivered: int


class ServiceStatus(BaseModel):
    """How a service is. What could not be asked is null; a service that does not answer is not `reachable`."""

    name: str
    reachable: bool = True
    version: str | None = None
    replicas: int | None = Field(None, description="How many are alive, by the connections they hold to the database.")
    instances: list[InstanceStatus] | None = None
    database: bool | None = None
    bus: bool | None = None
    migrations: MigrationStatus = MigrationStatus()
    outbox: OutboxStatus | None = None
    consumers: list[ConsumerStatus] | None = None
    bus_problems: list[str] | None = Field(
        None, description="How its stream and its consumers on the bus differ from what they should be."
    )
    storage_bytes: int | None = Field(None, description="What its tables and their indexes take up in the database.")
    dead_letters: int | None = Field(None, description="Events that failed for good and were not replayed.")
