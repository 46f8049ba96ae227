"""Where uploads lie, as the environment says it (identity §14, ADR 0015)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import SecretStr

from notechondria_shared.core.web_addresses import urlsplit

R2_HOSTS = ".r2.cloudflarestorage.com"


@dataclass(frozen=True, slots=True)
class S3Access:
    """How a bucket is reached when the URL alone does not say it."""

    endpoint: str
    key_id: str
    secret: SecretStr
    region: str = "auto"


@dataclass(frozen=True, slots=True)
class MediaLocation:
    """A folder or a bucket, and where people get the files when not from our own `/media/`."""

    url: str
    access: S3Access | None = None
    address: str = ""

    @property
    def kind(self) -> Literal["local", "s3", "r2"]:
        """A folder, a bucket, or one of Cloudflare's R2."""
        if not self.url.startswith("s3:"):
            return "local"
        host = urlsplit(self.access.endpoint).hostname if self.access else None
        return "r2" if host and host.endswith(R2_HOSTS) else "s3"
