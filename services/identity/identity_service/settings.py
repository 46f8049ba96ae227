"""Settings of the identity service (identity §14)."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field, SecretStr

from notechondria_shared.settings import EnvFlag, ServiceSettings


class IdentitySettings(ServiceSettings):
    """The chassis' settings, mail, the bootstrap administrator and the build shown in the handshake."""

    service: ClassVar[str] = "identity"

    smtp_host: str = ""
    smtp_port: int = 587
    smtp_username: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_use_tls: EnvFlag = True
    """STARTTLS after connecting."""
    smtp_use_ssl: EnvFlag = False
    """TLS from the first byte; wins over STARTTLS."""
    smtp_from_email: str = ""
    smtp_timeout_seconds: float = Field(10.0, gt=0)
    smtp_email_verification_ttl_hours: int = Field(24, ge=1)
    frontend_verify_url: str = ""

    django_superuser_username: str = "admin"
    django_superuser_email: str = ""
    django_superuser_password: SecretStr = SecretStr("")

    wipe_sessions_on_start: EnvFlag = False
    password_workers: int = Field(2, ge=1, le=32)
    password_queue: int = Field(64, ge=1)
    """Sign-ins that may wait for a hashing thread; beyond it 429."""

    backend_build_commit: str = ""
    backend_build_time: str = ""
    backend_deploy_target: str = ""

    @property
    def default_api_base_url(self) -> str:
        """What new accounts get as `api_base_url` (identity §11.2, hazard)."""
        return f"{self.public_base_url.rstrip('/')}/api/v1"

    @property
    def mail_sender(self) -> str:
        """The From address; empty host means that no mail is sent at all."""
        return self.smtp_from_email or self.smtp_username or "no-reply@notechondria.local"
