"""A stack that is watched: traffic of every kind, and what its metrics say of it."""

from __future__ import annotations

from dataclasses import dataclass

import httpx
from prometheus_client.parser import text_string_to_metric_families

from notechondria_launcher.stack import Stack
from tests.support.client import Api, User
from tests.support.mcp import call_tool


@dataclass(frozen=True)
class Series:
    """One line of a scrape."""

    name: str
    labels: dict[str, str]
    value: float


def scrape(url: str) -> list[Series]:
    """Every line of an endpoint of metrics."""
    answer = httpx.get(url, trust_env=False, timeout=10)
    assert answer.status_code == 200, answer.text
    return [
        Series(sample.name, sample.labels, sample.value)
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    ]


def of_service(stack: Stack, service: str) -> list[Series]:
    """What a service exports."""
    return scrape(f"{stack.service_url(service)}/internal/metrics")


def of_gateway(stack: Stack) -> list[Series]:
    """What the gateway exports, on its internal entry point."""
    return scrape(f"http://127.0.0.1:{stack.ports['gateway_ping']}/metrics")


def value(series: list[Series], name: str, **labels: str) -> float:
    """The sum of the lines of that name with those labels; fails when there is none."""
    found = [one.value for one in series if one.name == name and labels.items() <= one.labels.items()]
    assert found, f"{name} {labels} is not exported"
    return sum(found)


def live(api: Api) -> tuple[User, str, str]:
    """A little of everything that is counted: the user, their API key, the token of their published calendar."""
    user = api.register()
    note = user.post("notes/", {"title": "Watched", "content": "text"})
    assert note.status_code == 201, note.text
    assert user.get(f"notes/{note.json()['id']}/").status_code == 200
    assert user.get("activity/week/").status_code == 200
    key = user.rotate_key()
    call_tool(api, key, "list_notes")
    feed = {"title": "Away", "source_kind": "S", "source_url": "http://127.0.0.1:9/private.ics"}
    assert user.post("calendar-feeds/", feed).status_code == 201
    link = user.post("calendar-links/", {"name": "Phone"})
    assert link.status_code == 201, link.text
    token = str(link.json()["token"])
    assert api.get(f"/calendar/{token}.ics").status_code == 200
    return user, key, token
