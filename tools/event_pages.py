"""docs/events.md and docs/asyncapi.json, generated from the catalogue by `make docs`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from notechondria_contracts.events.catalogue import CATALOGUE, HEARD_BY
from notechondria_contracts.events.event import Envelope, IntegrationEvent
from notechondria_shared.core.version import product_version

INTRODUCTION = """# Events

Generated from `shared/library/notechondria_shared/events/` by `make docs`; do not edit by hand.

Every fact is a CloudEvents 1.0 JSON message on NATS JetStream. The subject is the CloudEvents `type`, the CloudEvents
`subject` names the aggregate, `data` is the payload below. A fact is written to its service's outbox in the transaction
that made it true and sent after the commit; consumers are durable and apply each event id once.

Streams: one per telling service, named in capitals (`IDENTITY`, `NOTES`, `PLANNER`), 30 days. Durable consumers carry
the name of the service that hears.
"""


def markdown() -> str:
    """The catalogue as a page."""
    parts = [INTRODUCTION]
    for subject, event in CATALOGUE.items():
        parts.append(f"## `{subject}`\n\n{(event.__doc__ or '').strip()}\n")
        heard = HEARD_BY.get(subject, {})
        listeners = "; ".join(f"{who} ({what})" for who, what in heard.items())
        parts.append(f"Heard by: {listeners or 'nobody yet; for live streams and the log of agents'}.\n")
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
            f"tell.{subject}": {"action": "send", "channel": {"$ref": f"#/channels/{subject}"}} for subject in CATALOGUE
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


def write(folder: Path) -> None:
    """Write both files into `folder`."""
    (folder / "events.md").write_text(markdown(), encoding="utf-8")
    text = json.dumps(asyncapi(), indent=2, ensure_ascii=False) + "\n"
    (folder / "asyncapi.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1] if len(sys.argv) > 1 else "docs"))
