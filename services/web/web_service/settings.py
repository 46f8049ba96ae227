"""Settings of the web service."""

from __future__ import annotations

from typing import ClassVar

from notechondria_shared.core.settings import CoreSettings


class WebSettings(CoreSettings):
    """The settings of every service: web has nothing of its own."""

    service: ClassVar[str] = "web"
