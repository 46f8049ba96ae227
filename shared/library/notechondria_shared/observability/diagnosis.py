"""What is wrong with the services, in sentences, each with what to do: for the status endpoint and the doctor."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from notechondria_contracts.internal.status import ServiceStatus

OUTBOX_SECONDS = 60.0
"""Events are sent within milliseconds; one that has waited this long waits for something that is broken."""
CONSUMER_BEHIND = 1000
"""Events; a consumer takes a few hundred in a second."""


class Finding(BaseModel):
    """Something that is wrong, and what to do about it. `part` is a service, or what the finding is about."""

    part: str
    problem: str
    advice: str


class SystemStatus(BaseModel):
    """`ok` when there is no finding; `version` is that of the service that answers."""

    status: Literal["ok", "degraded"]
    version: str
    checked_at: datetime
    services: list[ServiceStatus]
    findings: list[Finding]
    backup: str | None = None
    """When the last good backup was made and where it is, in words; null where nobody can say (containers)."""


def findings(services: Sequence[ServiceStatus]) -> list[Finding]:
    """Everything that the statuses of the services show."""
    problems = [finding for service in services for finding in _of_service(service)]
    versions = {version for service in services for version in _versions(service)}
    if len(versions) > 1:
        problems.append(
            Finding(
                part="versions",
                problem=f"Different versions run beside each other: {', '.join(sorted(versions))}.",
                advice="Normal while an update rolls out; afterwards, restart what is left of the old version.",
            )
        )
    return problems


def _versions(service: ServiceStatus) -> set[str]:
    return {one.version for one in service.instances or ()} | ({service.version} if service.version else set())


def _of_service(service: ServiceStatus) -> Iterator[Finding]:
    name = service.name

    def finding(problem: str, advice: str) -> Finding:
        return Finding(part=name, problem=problem, advice=advice)

    if not service.reachable:
        yield finding(
            f"{name} does not answer.", f"See: notechondria logs --part {name}; it is started again by itself."
        )
        return
    if service.database is False:
        yield finding(
            f"{name} cannot reach its database.", "See that Postgres runs, and that DATABASE_URL leads to it."
        )
    yield from _of_bus(service)
    if service.migrations.current is False:
        yield finding(
            f"The schema of {name} is at {service.migrations.revision}, its files at {service.migrations.head}.",
            "Restart the service: it migrates at its start. A newer schema than files means that an old version runs.",
        )
    if service.outbox and service.outbox.oldest_seconds > OUTBOX_SECONDS:
        yield finding(
            f"{service.outbox.unsent} events of {name} wait to be sent, the oldest for "
            f"{service.outbox.oldest_seconds:.0f} s.",
            f"See that NATS runs and has room on its disk; then notechondria logs --part {name}.",
        )
    for consumer in service.consumers or ():
        if consumer.pending > CONSUMER_BEHIND:
            yield finding(
                f"{name} is {consumer.pending} events of {consumer.stream} behind.",
                f"After an outage it catches up by itself; if the number stays, see notechondria logs --part {name}.",
            )
    if service.dead_letters:
        yield finding(
            f"{service.dead_letters} dead letters of {name}: events that it could not take.",
            "notechondria events dead-letters list shows why; mend it, then notechondria events dead-letters replay.",
        )


def _of_bus(service: ServiceStatus) -> Iterator[Finding]:
    name = service.name
    if service.bus is False:
        yield Finding(
            part=name,
            problem=f"{name} is not connected to the bus.",
            advice="See that NATS runs, and that NATS_URL leads to it. Events wait in Postgres until then; nothing is "
            "lost.",
        )
    if service.bus_problems:
        yield Finding(
            part=name,
            problem=f"On the bus of {name}: {'; '.join(service.bus_problems)}.",
            advice="notechondria events provision makes what is missing and puts back what differs; after a loss of "
            "the broker's data: notechondria events replay.",
        )
