"""Whether coverage.py watches every process: each is then an interpreter of its own, and larger than it is."""

from __future__ import annotations

import os

COVERED = any(os.environ.get(name) for name in ("COVERAGE_PROCESS_CONFIG", "COVERAGE_PROCESS_START"))
