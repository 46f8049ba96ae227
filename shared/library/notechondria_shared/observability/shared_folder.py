"""Where the worker processes of one service keep their numbers, so that each can answer for all of them.

prometheus_client looks for the folder when it is imported: it must be named before the workers start.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

FOLDER = "PROMETHEUS_MULTIPROC_DIR"


@contextmanager
def shared_folder() -> Iterator[None]:
    """Around the start of several worker processes; the folder goes when they have ended."""
    with tempfile.TemporaryDirectory(prefix="notechondria-metrics-") as folder:
        os.environ[FOLDER] = folder
        yield
