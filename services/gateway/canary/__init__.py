"""The canary: an event a minute through the whole way, its delay measured."""

from services.gateway.canary.flight import Canary, Door
from services.gateway.canary.record import Record

__all__ = ["Canary", "Door", "Record"]
