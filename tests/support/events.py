"""Publishing events by hand, signed as a service signs them."""

from __future__ import annotations

from nats.js import JetStreamContext

from notechondria_launcher.stack import Stack
from notechondria_shared.core.keys import PublicKeys, SigningKey
from notechondria_shared.messaging.signatures import EventSignatures


def signatures_of(stack: Stack, service: str) -> EventSignatures:
    """What a service of the stack signs with."""
    credentials = stack.plan.credentials
    return EventSignatures(SigningKey(credentials.keys[service]), PublicKeys(credentials.public_keys))


async def publish_signed(jetstream: JetStreamContext, stack: Stack, subject: str, body: bytes) -> None:
    """Publish as the service does that publishes below this subject."""
    signatures = signatures_of(stack, subject.partition(".")[0])
    await jetstream.publish(subject, body, headers=signatures.headers(subject, body))
