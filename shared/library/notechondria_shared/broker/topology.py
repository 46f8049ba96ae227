"""The streams, consumers and the bucket of the bus as they should be, and how what is there differs (ADR 0030)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from nats.aio.client import Client
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, DiscardPolicy, RetentionPolicy, StorageType
from nats.js.api import StreamConfig as Config
from nats.js.errors import APIError
from pydantic import JsonValue, TypeAdapter

from notechondria_contracts.events.consumers import CONSUMERS
from notechondria_contracts.services import SERVICES_WITH_SCHEMA

Settings = dict[str, JsonValue]
"""A configuration as the broker says it: whole, with what this version of the client library does not know."""

_SETTINGS = TypeAdapter(Settings)

BUCKET = "capabilities"
BUCKET_STREAM = f"KV_{BUCKET}"
RETENTION = timedelta(days=7)
"""Of what streams hold. Outboxes keep events longer, and without the texts of deleted accounts (ADR 0031)."""
DUPLICATE_SECONDS = 120.0
ACK_WAIT_SECONDS = 30
ACKS_PENDING = 256
REQUEST_SECONDS = 5.0
NO_STREAM, NO_CONSUMER = 10059, 10014
"""The broker's numbers of its errors (nats-server, server/errors.json)."""
_BROKERS_DEFAULTS: Mapping[str, JsonValue] = {
    "retention": "limits",
    "discard": "old",
    "storage": "file",
    "compression": "none",
    "persist_mode": "default",
    "num_replicas": 1,
    "deliver_policy": "all",
    "replay_policy": "instant",
    "max_waiting": 512,
}
"""What the broker says where nothing was said; what is empty, 0 or -1 is left out too (server/stream.go)."""


@dataclass(frozen=True, slots=True)
class Part:
    """A stream, or a consumer of one, with the configuration that it should have."""

    stream: str
    consumer: str | None
    settings: Settings

    @property
    def title(self) -> str:
        """As people read it."""
        return f"stream {self.stream}" if self.consumer is None else f"consumer {self.consumer} of {self.stream}"

    @property
    def path(self) -> str:
        """What names it in the subjects of the broker's API."""
        return self.stream if self.consumer is None else f"{self.stream}.{self.consumer}"

    @property
    def kind(self) -> str:
        """STREAM or CONSUMER, as the broker's API calls it."""
        return "STREAM" if self.consumer is None else "CONSUMER"


def stream_name(service: str) -> str:
    """The stream a service publishes to."""
    return service.upper()


def parts(replicas: int) -> list[Part]:
    """Everything that has to be there, each stream before its consumers. `replicas`: servers that keep each message."""
    return [
        *(own_stream(service, replicas) for service in SERVICES_WITH_SCHEMA),
        _bucket(replicas),
        *(consumer for service in SERVICES_WITH_SCHEMA for consumer in own_consumers(service)),
    ]


def own_stream(service: str, replicas: int) -> Part:
    """The stream of what a service publishes."""
    name = stream_name(service)
    config = Config(
        name=name,
        subjects=[f"{service}.>"],
        retention=RetentionPolicy.LIMITS,
        storage=StorageType.FILE,
        discard=DiscardPolicy.OLD,
        max_age=RETENTION.total_seconds(),
        duplicate_window=DUPLICATE_SECONDS,
        # A direct answer is the stored bytes as they are, at whatever reply subject the request named.
        allow_direct=False,
        num_replicas=replicas,
    )
    return Part(name, None, _settings(config))


def own_consumers(service: str) -> Iterator[Part]:
    """The durable pull consumers of a service."""
    for source, events in CONSUMERS[service].items():
        config = ConsumerConfig(
            name=service,
            durable_name=service,
            filter_subjects=sorted(event.subject for event in events),
            deliver_policy=DeliverPolicy.ALL,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT_SECONDS,
            # Tries are counted by the service, which knows an outage of its database from a fault of the event.
            max_deliver=-1,
            max_ack_pending=ACKS_PENDING,
        )
        yield Part(stream_name(source), service, _settings(config))


def _bucket(replicas: int) -> Part:
    """The key-value bucket of capabilities (ADR 0009), a stream as NATS's clients make one for a bucket."""
    config = Config(
        name=BUCKET_STREAM,
        subjects=[f"$KV.{BUCKET}.>"],
        storage=StorageType.FILE,
        discard=DiscardPolicy.NEW,
        duplicate_window=DUPLICATE_SECONDS,
        max_msgs_per_subject=1,
        allow_rollup_hdrs=True,
        allow_msg_ttl=True,
        deny_delete=True,
        allow_direct=False,
        num_replicas=replicas,
    )
    return Part(BUCKET_STREAM, None, _settings(config))


def _settings(config: Config | ConsumerConfig) -> Settings:
    """As it is sent: durations in nanoseconds."""
    return _SETTINGS.validate_python(config.as_dict())


async def ask(client: Client, subject: str, body: Settings | None = None) -> Settings:
    """The broker's answer of its API; raises `APIError`, a NATS error or a time-out."""
    content = b"" if body is None else json.dumps(body).encode()
    message = await client.request(f"$JS.API.{subject}", content, timeout=REQUEST_SECONDS)
    answer = _SETTINGS.validate_json(message.data)
    if isinstance(error := answer.get("error"), dict):
        raise APIError.from_error(error)
    return answer


async def present(client: Client, part: Part) -> Settings | None:
    """The configuration that a part has now, None when it is not there."""
    try:
        answer = await ask(client, f"{part.kind}.INFO.{part.path}")
    except APIError as error:
        if error.err_code in (NO_STREAM, NO_CONSUMER):
            return None
        raise
    config = answer.get("config")
    return config if isinstance(config, dict) else {}


def differing(there: Settings, expected: Settings) -> list[str]:
    """The names of the settings that differ, over the whole configuration."""
    one, other = _said(there), _said(expected)
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


async def problems(client: Client, service: str, replicas: int) -> list[str]:
    """What a service's own stream and consumers lack, as a service may see it; empty when all is as it should be."""
    expected = [own_stream(service, replicas), *own_consumers(service)]
    said = []
    for part in expected:
        there = await present(client, part)
        if there is None:
            said.append(f"{part.title} does not exist")
        elif names := differing(there, part.settings):
            said.append(f"{part.title} is configured otherwise: {', '.join(names)}")
    return said


def _said(settings: Settings) -> Settings:
    """Without what a broker adds, or says of what was not said."""
    metadata = settings.get("metadata")
    entries = metadata.items() if isinstance(metadata, dict) else ()
    own: JsonValue = {key: value for key, value in entries if not key.startswith("_nats.")}
    return {
        name: value
        for name, value in {**settings, "metadata": own}.items()
        if value not in (None, "", 0, -1, [], {}) and value != _BROKERS_DEFAULTS.get(name)
    }
