"""Where uploads lie, as the environment says it (identity §14, ADR 0015)."""

from __future__ import annotations

from dataclasses import dataclass

from pydantic import SecretStr


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
