"""The operators' side of the events: asking each service to replay, to list its dead letters, to try one again."""

from dataclasses import dataclass
from urllib.parse import quote

from notechondria_cli.errors import StackError
from notechondria_cli.internal_call import InternalCall
from notechondria_cli.names import SERVICES_WITH_SCHEMA
from notechondria_contracts.internal.dead_letters import DeadLetter, DeadLetters, MarkedUnsent, Replayed


@dataclass(frozen=True)
class EventAdmin:
    """Commands over the events of all services."""

    call: InternalCall

    def replay(self, service: str | None = None) -> dict[str, int]:
        """Mark every kept event as unsent, so that the relay publishes it again; events by service."""
        marked = {}
        for name in _chosen(service):
            answer = self.call.ask(name, MarkedUnsent, "POST", "/internal/events/replay")
            if answer is not None:
                marked[name] = answer.marked
        return marked

    def dead_letters(self, service: str | None = None) -> list[DeadLetter]:
        """List the events that consumers gave up on, a service after the other."""
        pages = (
            self.call.ask(name, DeadLetters, "GET", "/internal/events/dead-letters?limit=200")
            for name in _chosen(service)
        )
        return [letter for page in pages if page for letter in page.results]

    def replay_dead_letter(self, service: str, identifier: str) -> Replayed:
        """Hand a dead letter to its consumer again; whether it went through, and else the error."""
        path = f"/internal/events/dead-letters/{quote(identifier, safe='')}/replay"
        answer = self.call.ask(service, Replayed, "POST", path)
        if answer is None:
            raise StackError(
                f"{service} has no dead letter {identifier}.", "See: notechondria events dead-letters list."
            )
        return answer


def _chosen(service: str | None) -> tuple[str, ...]:
    if service is None:
        return SERVICES_WITH_SCHEMA
    if service not in SERVICES_WITH_SCHEMA:
        raise StackError(f"There is no service {service!r}.", f"Services: {', '.join(SERVICES_WITH_SCHEMA)}.")
    return (service,)
