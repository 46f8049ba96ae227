"""Facts over NATS JetStream (architecture §3): catalogue, transactional outbox, relay, idempotent consumers."""

from notechondria_shared.events.catalogue import CATALOGUE
from notechondria_shared.events.fact import Fact
from notechondria_shared.events.outbox import publish

__all__ = ["CATALOGUE", "Fact", "publish"]
