"""Events: one model per subject, their envelope, and the catalogue of all."""

from notechondria_contracts.events.catalogue import CATALOGUE
from notechondria_contracts.events.event import Envelope, IntegrationEvent

__all__ = ["CATALOGUE", "Envelope", "IntegrationEvent"]
