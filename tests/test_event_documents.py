"""docs/events.md names who consumes what, from the subscriptions in the code."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import pytest
from tools.contract_sections import ROOT
from tools.event_documents import EVERY_REPLICA, consumers, documents
from tools.event_pages import EventConsumer, markdown

from notechondria_contracts.events.catalogue import CATALOGUE
from notechondria_contracts.events.consumers import CONSUMERS
from notes_service.authors.known import KnownAuthors
from notes_service.handlers import subscriptions

# Read from all source files, a second of work each time.
of_the_code = cache(consumers)
written = cache(documents)


@pytest.mark.parametrize("page", ["docs/events.md", "docs/asyncapi.json"])
def test_the_event_documents_are_generated_from_the_code(page: str) -> None:
    assert (ROOT / page).read_text(encoding="utf-8") == written()[page], "run `make docs`"


def test_the_consumers_are_those_of_the_services() -> None:
    by_service = {
        service: {subject for subject, found in of_the_code().items() if service in {one.name for one in found}}
        for service in ("identity", "notes", "planner", "mcp", EVERY_REPLICA)
    }
    own = {event.subject for subscription in subscriptions(KnownAuthors()) for event in subscription.handlers}
    assert by_service["notes"] == own > {"planner.session.opened"}
    assert by_service["planner"] > {subject for subject in CATALOGUE if subject.startswith("notes.")}
    assert by_service["mcp"] == {"identity.user.deleted"}
    assert by_service["identity"] == set()
    assert by_service[EVERY_REPLICA] == {subject for subject in CATALOGUE if subject.startswith("identity.")}


def test_every_consumer_says_what_it_does() -> None:
    found = [one for of_subject in of_the_code().values() for one in of_subject]
    assert len(found) > 15
    assert all(one.effect.endswith(".") and (ROOT / one.file).is_file() for one in found)


def test_the_page_leads_from_an_event_to_its_consumers() -> None:
    text = markdown({"notes.note.trashed": [EventConsumer("planner", "hide", "planner/handlers.py", "Hide it.")]})
    assert "| [`notes.note.trashed`](#notesnotetrashed) | planner |\n" in text
    assert "| planner | `planner/handlers.py`: `hide` | Hide it. |\n" in text
    assert text.count("Consumers: none") == len(CATALOGUE) - 1


def write(root: Path, text: str) -> None:
    file = root / "services/notes/notes_service/handlers.py"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def test_subscriptions_are_read_from_the_source(tmp_path: Path) -> None:
    write(
        tmp_path,
        "def at(app):\n"
        "    async def gone(session, event):\n        '''Delete it. At once.'''\n"
        "    return (Subscription('identity', {UserDeleted: gone}),)\n",
    )
    found = EventConsumer("notes", "gone", "services/notes/notes_service/handlers.py", "Delete it.")
    assert consumers(tmp_path) == {"identity.user.deleted": [found]}
    write(tmp_path, "S = Subscription(source='identity', handlers={Nothing: gone})\n")
    with pytest.raises(ValueError, match="subscribes to Nothing"):
        consumers(tmp_path)
    write(tmp_path, "S = Subscription(source='identity', handlers=HANDLERS)\n")
    with pytest.raises(TypeError, match="writes its handlers out, not HANDLERS"):
        consumers(tmp_path)


def test_the_bus_gets_the_consumers_that_the_services_subscribe_with() -> None:
    subscribed = {
        (one.name, subject) for subject, found in of_the_code().items() for one in found if one.name != EVERY_REPLICA
    }
    provisioned = {
        (service, event.subject)
        for service, sources in CONSUMERS.items()
        for events in sources.values()
        for event in events
    }
    assert provisioned == subscribed
    assert all(
        event.service() == source for by in CONSUMERS.values() for source, events in by.items() for event in events
    )
