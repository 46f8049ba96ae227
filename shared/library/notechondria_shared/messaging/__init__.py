"""Events between services: outbox and relay on one side, consumer and inbox on the other."""

from notechondria_shared.messaging.aggregate import Aggregate
from notechondria_shared.messaging.outbox import publish

__all__ = ["Aggregate", "publish"]
