"""Settings of the identity service (identity §14)."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, SecretStr, StringConstraints

from notechondria_shared.core.hosts import is_loopback
from notechondria_shared.core.settings import EnvFlag, EnvList, ServiceSettings
from notechondria_shared.core.web_addresses import urlsplit


def _word(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


class IdentitySettings(ServiceSettings):
    """The chassis' settings, mail, the bootstrap administrator and the build shown in the handshake."""

    service: ClassVar[str] = "identity"

    smtp_host: str = ""
    smtp_port: int = Field(587, ge=1, le=65535)
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
    log_codes: EnvFlag | None = None
    """Whether codes that cannot be mailed are logged, with their address; not said: where `PUBLIC_BASE_URL` is this
    machine's own."""

    django_superuser_username: Annotated[
        str, StringConstraints(strip_whitespace=True, min_length=1, max_length=150)
    ] = "admin"
    django_superuser_email: Annotated[str, StringConstraints(strip_whitespace=True, max_length=254)] = ""
    django_superuser_password: SecretStr = SecretStr("")

    wipe_sessions_on_start: EnvFlag = False
    account_rate_per_minute: int = Field(10, ge=0)
    """Failed tries per account, network and minute (decision 30); 0 switches all limits of accounts off."""
    password_workers: int = Field(1, ge=1, le=32)
    """Hashing threads of a process: about 40 sign-ins a second each; leave a core to everything else."""
    password_queue: int = Field(64, ge=1)
    """Sign-ins that may wait for a hashing thread; beyond it 429."""

    google_oauth_client_id: str = ""
    google_oauth_client_secret: SecretStr = SecretStr("")
    google_authorized_redirect_uri: str = ""
    google_authorized_redirect_uris: EnvList = Field(default_factory=list)
    google_token_url: str = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
    google_tokeninfo_url: str = "https://oauth2.googleapis.com/tokeninfo"
    github_app_client_id: str = ""
    github_app_client_secret: SecretStr = SecretStr("")
    github_authorized_redirect_uri: str = ""
    github_authorized_redirect_uris: EnvList = Field(default_factory=list)
    github_token_url: str = "https://github.com/login/oauth/access_token"  # noqa: S105 - an address
    github_api_url: str = "https://api.github.com"
    oauth_exchange_seconds: float = Field(15.0, gt=0)
    oauth_profile_seconds: float = Field(10.0, gt=0)

    oauth_client_allow_hosts: EnvList = Field(default_factory=list)
    """Host names and addresses of programs' documents, as they stand in their client ids, that may lie in a private
    network."""

    sign_in_site: Annotated[Literal["on", "off", ""], BeforeValidator(_word)] = ""
    """Whether the newest apps are sent to the sign-in site; not said: where `PUBLIC_BASE_URL` is (decision 53)."""
    google_authorize_url: str = "https://accounts.google.com/o/oauth2/v2/auth"
    github_authorize_url: str = "https://github.com/login/oauth/authorize"

    user_storage_mib: int = Field(0, ge=0, le=100_000_000)
    """What notes lets the files of one person come to (decision 62); here it is only shown, in the settings."""
    api_keys_max: int = Field(50, ge=0, le=10_000)
    """API keys that one person may have."""
    registration: Annotated[Literal["open", "invitation", "closed"], BeforeValidator(_word)] = "open"
    """Who may register: everybody (with an invitation once there is one, identity §7.1), only who has an invitation,
    nobody (decision 61)."""

    ai_service_url: str = ""
    """Set when an AI service is connected: the gateway routes to it, the handshake shows `ai` (decision 40)."""
    backend_build_commit: str = ""
    backend_build_time: str = ""
    backend_deploy_target: str = ""
    min_frontend_version: str = Field("", max_length=64)
    """The oldest version of the apps that this deployment supports; empty: all (apps §2)."""
    storage_label: str = Field("", max_length=120)
    """What the apps call the place of uploads; empty: its kind in words."""

    @property
    def codes_are_logged(self) -> bool:
        """True in development: whoever reads a log with codes signs in as anybody (decision 50)."""
        if self.log_codes is not None:
            return self.log_codes
        return is_loopback(urlsplit(self.public_base_url).hostname)

    @property
    def base_url(self) -> str:
        """Where people reach this server, without a slash at the end."""
        return self.public_base_url.rstrip("/")

    @property
    def sends_to_site(self) -> bool:
        """Whether apps send people to the sign-in site (decision 53)."""
        return self.sign_in_site == "on" or (not self.sign_in_site and "public_base_url" in self.model_fields_set)

    @property
    def default_api_base_url(self) -> str:
        """What new accounts get as `api_base_url` (identity §11.2, hazard)."""
        return f"{self.public_base_url.rstrip('/')}/api/v1"

    @property
    def registration_life(self) -> timedelta:
        """How long the code of a registration is good."""
        return timedelta(hours=self.smtp_email_verification_ttl_hours)

    @property
    def code_failures_per_day(self) -> int:
        """Wrong codes of an account in a day (decision 44); 0: no limit."""
        return 100 if self.account_rate_per_minute else 0

    @property
    def wrong_digits_per_day(self) -> int:
        """Wrong digits of an account's authenticator in a day; 0: no limit."""
        return 30 if self.account_rate_per_minute else 0

    @property
    def mail_sender(self) -> str:
        """The From address; empty host means that no mail is sent at all."""
        return self.smtp_from_email or self.smtp_username or "no-reply@notechondria.local"
