"""Logging of a service, to standard error: one line per record, as plain text or as a JSON object."""

from __future__ import annotations

import json
import logging
import sys
import time
from contextvars import ContextVar
from dataclasses import asdict
from datetime import UTC, datetime
from logging.handlers import WatchedFileHandler
from pathlib import Path

from notechondria_shared.core.access_line import Answered, access_line
from notechondria_shared.core.request_context import request_id, request_user_id
from notechondria_shared.core.settings import CoreSettings
from notechondria_shared.core.trace_context import trace_id

serving_service: ContextVar[str] = ContextVar("serving_service", default="")
"""The service at work where several run in one process; empty where the process is one service.

A context variable, since a log record does not say whose it is; nothing but the formatter reads it.
"""


class PlainFormatter(logging.Formatter):
    """Time, level padded to 8, message, logger, request id and, where traces are made, the trace."""

    converter = staticmethod(time.gmtime)

    def __init__(self) -> None:
        super().__init__(
            "%(asctime)s.%(msecs)03dZ %(levelname)-8s %(message)s [%(name)s %(request_id)s%(trace)s]",
            "%Y-%m-%dT%H:%M:%S",
        )

    def format(self, record: logging.LogRecord) -> str:
        """The line; a traceback follows on lines of its own."""
        record.request_id = request_id.get()
        trace = trace_id()
        record.trace = f" trace={trace}" if trace else ""
        return super().format(record)


class JsonFormatter(logging.Formatter):
    """An object on one line: time (RFC 3339, UTC), level, logger, message, service.

    `request_id` and `user_id` where a request is in hand, `trace_id` where it is traced, `exception` with its
    traceback, and of an access line the fields of `Answered`.
    """

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """The line; whatever stands in a message, it holds no line break and no colour."""
        answered: Answered | None = getattr(record, "answered", None)
        fields: dict[str, object] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")[:-6] + "Z",
            "level": record.levelname,
            "logger": record.name,
            "message": _plain(answered) if answered else record.getMessage(),
            "service": serving_service.get() or self._service,
        }
        if (identifier := request_id.get()) != "-":
            fields["request_id"] = identifier
        if trace := trace_id():
            fields["trace_id"] = trace
        if user_id := request_user_id():
            fields["user_id"] = user_id
        if answered:
            fields |= asdict(answered)
        if record.exc_info:
            fields["exception"] = self.formatException(record.exc_info)
        if record.stack_info:
            fields["stack"] = self.formatStack(record.stack_info)
        return json.dumps(fields, ensure_ascii=False)


def _plain(answered: Answered) -> str:
    return access_line(answered.status, answered.duration_ms, answered.method, answered.target)


def quieten(level: str = "INFO") -> None:
    """Third parties are logged from WARNING up. A level that is set already is left alone: setting one writes to every
    logger there is, which a fork of the template holds together with the others until then (0.7 MiB each)."""
    for logger, name in ((logging.getLogger(), "WARNING"), (logging.getLogger("notechondria"), level)):
        if logging.getLevelName(logger.level) != name:
            logger.setLevel(name)


def configure_logging(settings: CoreSettings) -> None:
    """Send everything of the product to standard error; third parties only from WARNING up.

    With `DJANGO_LOG_FILE_NAME` (identity §14) the same lines go to `<name>-<service>.log` as well: below `logs/` of the
    working folder, or at the absolute path given. logrotate may move the file away under a running service.
    """
    formatter = JsonFormatter(settings.service) if settings.log_format == "json" else PlainFormatter()
    handlers: list[logging.Handler] = [logging.StreamHandler(sys.stderr)]
    level, problem = settings.django_log_level, None
    if settings.django_log_file_name:
        path = Path("logs", f"{settings.django_log_file_name.removesuffix('.log')}-{settings.service}.log")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            handlers.append(WatchedFileHandler(path, encoding="utf-8"))
        except OSError as error:
            problem = error
    for handler in handlers:
        handler.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = handlers
    quieten(level.upper())
    if problem:
        logging.getLogger("notechondria.start").warning("no log file: %s", problem)
