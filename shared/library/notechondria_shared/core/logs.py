"""Logging of a service: one line per record, time, level padded to 8, request id; to standard error."""

from __future__ import annotations

import logging
import sys
import time
from logging.handlers import WatchedFileHandler
from pathlib import Path

from notechondria_shared.core.request_context import request_id
from notechondria_shared.core.settings import ServiceSettings


class _Formatter(logging.Formatter):
    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        record.request_id = request_id.get()
        return super().format(record)


def configure_logging(settings: ServiceSettings) -> None:
    """Send everything of the product to standard error; third parties only from WARNING up.

    With `DJANGO_LOG_FILE_NAME` (identity §14) the same lines go to `<name>-<service>.log` as well: below `logs/` of the
    working folder, or at the absolute path given. logrotate may move the file away under a running service.
    """
    formatter = _Formatter(
        "%(asctime)s.%(msecs)03dZ %(levelname)-8s %(message)s [%(name)s %(request_id)s]", "%Y-%m-%dT%H:%M:%S"
    )
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
    root.setLevel(logging.WARNING)
    logging.getLogger("notechondria").setLevel(level.upper())
    if problem:
        logging.getLogger("notechondria.start").warning("no log file: %s", problem)
