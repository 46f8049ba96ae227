"""The one version of the product: environment first, then the VERSION file (identity §6.1)."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path


@lru_cache
def product_version() -> str:
    """`BACKEND_VERSION`, else the nearest VERSION file above this module or the working folder, else `0.0.0`."""
    if configured := os.environ.get("BACKEND_VERSION", "").strip():
        return configured
    for start in (Path(__file__).resolve(), Path.cwd() / "_"):
        for folder in start.parents:
            candidate = folder / "VERSION"
            if candidate.is_file():
                return candidate.read_text(encoding="utf-8").strip() or "0.0.0"
    return "0.0.0"
