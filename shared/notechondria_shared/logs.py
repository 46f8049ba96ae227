"""Logging of a service: one line per record, time, level padded to 8, request id; to standard error."""

from __future__ import annotations

import logging
import sys
import time

from notechondria_shared.http.edge import request_id


class _Formatter(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        record.request_id = request_id.get()
        return super().format(record)


def configure_logging(level: str) -> None:
    """Send everything of the product to standard error; third parties only from WARNING up."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        _Formatter(
            "%(asctime)s.%(msecs)03dZ %(levelname)-8s %(message)s [%(name)s %(request_id)s]", "%Y-%m-%dT%H:%M:%S"
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("notechondria").setLevel(level.upper())
