"""The operators' side of the events: asking each service to replay, to list its dead letters, to try one again."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from notechondria_cli.errors import StackError
from notechondria_cli.internal_call import InternalCall
from notechondria_cli.names import SERVICES_WITH_SCHEMA


@dataclass(frozen=True)
class EventAdmin:
    """Commands over the events of all services."""

    call: InternalCall

    def replay(self, service: str | None = None) -> dict[str, int]:
        """Mark every kept event as unsent, so that the relay publishes it again; events by service."""
        marked = {}
        for name in _chosen(service):
            answer = self.call.send(name, "POST", "/internal/events/replay")
            if answer is not None:
                marked[name] = int(answer.get("marked", 0))
        return marked

    def dead_letters(self, service: str | None = None) -> list[dict[str, Any]]:
        """List the events that a consumer gave up on; each with the name of its ``service``."""
        found: list[dict[str, Any]] = []
        for name in _chosen(service):
            answer = self.call.send(name, "GET", "/internal/events/dead-letters?limit=200") or {}
            found += [{"service": name, **letter} for letter in answer.get("results", [])]
        return found

    def replay_dead_letter(self, service: str, identifier: str) -> tuple[bool, str]:
        """Hand a dead letter to its consumer again; whether it went through, and else the error."""
        path = f"/internal/events/dead-letters/{quote(identifier, safe='')}/replay"
        answer = self.call.send(service, "POST", path)
        if answer is None:
            raise StackError(
                f"{service} has no dead letter {identifier}.", "See: notechondria events dead-letters list."
            )
        return bool(answer.get("replayed")), str(answer.get("error") or "")


def _chosen(service: str | None) -> tuple[str, ...]:
    if service is None:
        return SERVICES_WITH_SCHEMA
    if service not in SERVICES_WITH_SCHEMA:
        raise StackError(f"There is no service {service!r}.", f"Services: {', '.join(SERVICES_WITH_SCHEMA)}.")
    return (service,)
