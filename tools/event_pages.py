"""The pages docs/events.md and docs/asyncapi.json, made from the catalogue.

Who consumes an event is not known here: it follows from the subscriptions of the services, which the caller gives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from notechondria_contracts.events.catalogue import CATALOGUE
from notechondria_contracts.events.event import Envelope, IntegrationEvent
from notechondria_shared.core.version import product_version

INTRODUCTION = """# Events

Generated from the catalogue and the services' subscriptions by `make docs`; do not edit by hand.

Every event is a CloudEvents 1.0 JSON message on NATS JetStream. The subject is the CloudEvents `type`, the CloudEvents
`subject` names the aggregate, `data` is the payload below. An event is written to its service's outbox in the
transaction of the change and sent after the commit; consumers are durable and apply each event id once (ADR 0002).

The header `Notechondria-Signature` shows that the service published it whose subject it has: `<key id>.<signature>`,
Ed25519 over subject, line feed and body (ADR 0032). Consumers take no other. `Notechondria-Batch`, beside it where
events were sent together, shows the same with one signature for all of them.

Streams: one per publishing service, named in capitals (`IDENTITY`, `NOTES`, `PLANNER`), 7 days; outboxes keep events
for 30. Durable consumers carry the name of the consuming service.

| Event | Consumers |
| --- | --- |
"""
NOBODY = "none; for live streams and the log of agents"


@dataclass(frozen=True, slots=True, order=True)
class EventConsumer:
    """Who consumes an event (a service, or every replica), the function and its file, and what it does."""

    name: str
    handler: str
    file: str
    effect: str


Consumers = Mapping[str, Sequence[EventConsumer]]
"""Consumers by subject."""


def markdown(consumers: Consumers) -> str:
    """The catalogue as a page: a table of consumers, then each event with its payload."""
    table = [
        f"| [`{subject}`](#{subject.replace('.', '')}) | "
        f"{', '.join(one.name for one in consumers.get(subject, ())) or NOBODY} |\n"
        for subject in CATALOGUE
    ]
    parts = [INTRODUCTION + "".join(table)]
    for subject, event in CATALOGUE.items():
        parts.append(f"## `{subject}`\n\n{(event.__doc__ or '').strip()}\n")
        if listed := consumers.get(subject, ()):
            rows = ["| consumer | handler | what it does |", "| --- | --- | --- |"]
            rows += [f"| {one.name} | `{one.file}`: `{one.handler}` | {one.effect} |" for one in listed]
            parts.append("\n".join(rows) + "\n")
        else:
            parts.append(f"Consumers: {NOBODY}.\n")
        rows = ["| field | type |", "| --- | --- |"]
        rows += [f"| `{name}` | {_type(schema)} |" for name, schema in _schema(event)["properties"].items()]
        parts.append("\n".join(rows) + "\n")
    return "\n".join(parts)


def asyncapi() -> dict[str, Any]:
    """The catalogue as an AsyncAPI 3.0 document."""
    messages = {
        subject: {
            "name": subject,
            "contentType": "application/cloudevents+json",
            "summary": (event.__doc__ or "").strip(),
            "payload": {
                "allOf": [
                    Envelope.model_json_schema(),
                    {"properties": {"type": {"const": subject}, "data": _schema(event)}},
                ]
            },
        }
        for subject, event in CATALOGUE.items()
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Notechondria events", "version": product_version()},
        "channels": {
            subject: {"address": subject, "messages": {subject: {"$ref": f"#/components/messages/{subject}"}}}
            for subject in CATALOGUE
        },
        "operations": {
            f"publish.{subject}": {"action": "send", "channel": {"$ref": f"#/channels/{subject}"}}
            for subject in CATALOGUE
        },
        "components": {"messages": messages},
    }


def _schema(event: type[IntegrationEvent]) -> dict[str, Any]:
    return event.model_json_schema()


def _type(schema: dict[str, Any]) -> str:
    if "anyOf" in schema:
        return " or ".join(_type(part) for part in schema["anyOf"])
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_type(schema['items'])}"
    return str(schema.get("format") or schema.get("type"))
