"""Settings every service reads from the environment (identity §14, ADR 0024)."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import BeforeValidator, Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from notechondria_shared.core.flags import TRUE_WORDS
from notechondria_shared.core.keys import PublicKeys, SigningKey
from notechondria_shared.core.media_location import MediaLocation, S3Access
from notechondria_shared.core.unix_path import unix_path
from notechondria_shared.core.web_addresses import urlsplit

DEFAULT_MEDIA_ROOT = "/home/mediafiles"
R2_COMPANIONS = ("cloudflare_r2_account_id", "cloudflare_r2_access_key_id", "cloudflare_r2_secret_access_key")
_STORES = ("", "file", "s3", "s3a", "gs", "az", "azure", "abfs", "abfss")
"""Schemes of stores that obstore opens; without one it is a folder."""
_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


def _flag(value: Any) -> bool:
    return value if isinstance(value, bool) else str(value).strip().lower() in TRUE_WORDS


def _words(value: Any) -> Any:
    return [word for word in re.split(r"[\s,]+", value) if word] if isinstance(value, str) else value


def _can_be_read(address: str) -> bool:
    try:
        return urlsplit(address).port != 0
    except ValueError:
        return False


def _is_web_address(address: str) -> bool:
    return _can_be_read(address) and urlsplit(address).scheme in ("http", "https") and bool(urlsplit(address).hostname)


def _level(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    name = value.strip().upper()
    if name not in _LEVELS:
        message = f"{value!r} is no log level; there are {', '.join(_LEVELS)}."
        raise ValueError(message)
    return name


def _lower(value: Any) -> Any:
    return value.strip().lower() if isinstance(value, str) else value


EnvFlag = Annotated[bool, BeforeValidator(_flag)]
"""A boolean of the environment: `1 true yes on` are true, all else is false (identity §14)."""

EnvList = Annotated[list[str], NoDecode, BeforeValidator(_words)]
"""A list of the environment, separated by spaces or commas."""


class CoreSettings(BaseSettings):
    """What every service reads from its environment, also one that keeps nothing: `web` owns no schema."""

    model_config = SettingsConfigDict(extra="ignore", env_ignore_empty=True, frozen=True, allow_inf_nan=False)

    @classmethod
    def settings_customise_sources(
        cls, settings_cls: type[BaseSettings], init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource, dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:  # fmt: skip
        """The environment alone: no file is looked for, and each source goes through all fields again."""
        return init_settings, env_settings

    service: ClassVar[str]
    """The service's name: its schema, role, stream and consumer are called the same."""

    host: str = "127.0.0.1"
    port: int = 8000
    web_concurrency: int = Field(2, ge=1, le=64)
    drain_seconds: float = Field(0, ge=0, le=6)
    """How long after SIGTERM one process still takes requests, while it asks the gateway to send them elsewhere."""

    requests_per_client: int = Field(100, ge=0, le=1_000_000)
    """Requests that one address (IPv6: one /64) may have under way at the same time in a process; 0: no limit."""

    client_read_seconds: float = Field(60, ge=1, le=3600)
    """In which a client, or the gateway for it, must take in the next piece of an answer."""

    service_key: SecretStr
    """This service's own private key, 32 bytes in base64: it shows the others who calls (ADR 0032)."""
    service_public_keys: str
    """The public keys of all callers, `name:key` with commas between them; a name has two while its key is changed."""

    identity_url: str = "http://127.0.0.1:8001"
    notes_url: str = "http://127.0.0.1:8002"
    planner_url: str = "http://127.0.0.1:8003"
    mcp_url: str = "http://127.0.0.1:8004"
    public_base_url: str = "http://localhost:8080"

    django_debug: EnvFlag = False
    django_allowed_hosts: EnvList = Field(default_factory=lambda: ["localhost", "127.0.0.1"])
    render_external_hostname: str = ""
    backend_custom_domain: str = ""
    app_host_port: int = Field(9080, ge=1, le=65535)
    django_csrf_trusted_origins: EnvList = Field(default_factory=list)
    frontend_origin: str = ""
    django_log_level: Annotated[str, BeforeValidator(_level)] = "INFO"
    log_format: Annotated[Literal["plain", "json"], BeforeValidator(_lower)] = "plain"
    """How log lines look: plain text, or a JSON object each (docs/operations.md)."""
    django_log_file_name: str = ""
    """A file that gets the log lines too; every service its own (`<name>-<service>.log`)."""
    django_access_log_force_color: EnvFlag = False

    metrics: EnvFlag = False
    """Prometheus metrics at `/internal/metrics`."""
    otel_exporter_otlp_endpoint: str = ""
    """Where traces go (OTLP over HTTP, `/v1/traces` below it); none are made without it."""
    otel_traces_sampler_arg: float = Field(1.0, ge=0, le=1)
    """Share of the traces that is kept, of those that the gateway has not decided on."""

    @model_validator(mode="after")
    def _check_keys(self) -> CoreSettings:
        try:
            known = PublicKeys(self.service_public_keys)
        except ValueError as error:
            message = f"SERVICE_PUBLIC_KEYS cannot be read: {error}."
            raise ValueError(message) from None
        try:
            own = SigningKey(self.service_key.get_secret_value())
        except ValueError as error:
            message = f"SERVICE_KEY cannot be read: {error}."
            raise ValueError(message) from None
        if not known.has(self.service, own.id):
            message = f"SERVICE_PUBLIC_KEYS does not name the public key of SERVICE_KEY as one of {self.service}."
            raise ValueError(message)
        return self

    @model_validator(mode="after")
    def _check_addresses(self) -> CoreSettings:
        if not _is_web_address(self.public_base_url):
            message = f"PUBLIC_BASE_URL={self.public_base_url} is no address; give it as people open it, with https://."
            raise ValueError(message)
        for name in ("frontend_origin", "django_csrf_trusted_origins"):
            value = getattr(self, name)
            for origin in [value] if isinstance(value, str) else value:
                if not _can_be_read(origin):
                    message = f"{name.upper()}: {origin} is no address."
                    raise ValueError(message)
        return self

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """Host names that may stand in `Host` (identity §14); lower case, without port."""
        extra = (self.render_external_hostname, self.backend_custom_domain, urlsplit(self.public_base_url).hostname)
        return frozenset(host.lower() for host in (*self.django_allowed_hosts, *extra) if host)

    @property
    def cors_hosts(self) -> frozenset[str]:
        """Host names whose pages may read the API (identity §15); lower case, without port."""
        origins = (*self.django_csrf_trusted_origins, self.frontend_origin)
        trusted = {urlsplit(origin).hostname or "" for origin in origins if origin}
        return (self.allowed_hosts | trusted | {"localhost", "127.0.0.1"}) - {"", "*"}


class ServiceSettings(CoreSettings):
    """What a service with a schema reads beside that; it adds its own fields in a subclass."""

    nats_replicas: int = Field(1, ge=1, le=5)
    """How many servers of a NATS cluster keep each event."""

    database_url: SecretStr | None = None
    postgre_db: str = "postgres"
    postgre_username: str = ""
    postgre_password: SecretStr = SecretStr("")
    postgre_host: str = "localhost"
    postgre_port: int = Field(5432, ge=1, le=65535)
    database_wait_seconds: float = Field(300.0, ge=0)
    database_pool_size: int = Field(4, ge=1, le=64)
    database_queue_seconds: float = Field(5.0, gt=0)
    """How long a request waits for a database connection before it is answered 503."""

    nats_url: SecretStr = SecretStr("nats://127.0.0.1:4222")
    media_store_url: str = ""
    """Where uploads lie, `file:///...` or `s3://bucket/prefix`; `media_location` says what holds when it is not set."""
    django_production_media_root: str = ""
    cloudflare_r2_bucket_name: str = ""
    cloudflare_r2_account_id: str = ""
    cloudflare_r2_access_key_id: str = ""
    cloudflare_r2_secret_access_key: SecretStr = SecretStr("")
    cloudflare_r2_custom_domain: str = ""
    cloudflare_r2_endpoint_url: str = ""
    """The S3 address of R2; by default the one of the account. Another one serves any store that speaks S3."""

    consumer_backoff_seconds: Annotated[list[float], NoDecode, BeforeValidator(_words)] = Field(
        default_factory=lambda: [1.0, 5.0, 30.0, 120.0, 600.0]
    )
    """Waits between the tries of a failing event; after the last one it becomes a dead letter."""
    outbox_retention_days: int = Field(30, ge=1)
    introspection_cache_seconds: float = Field(30.0, ge=0, le=30)

    @model_validator(mode="after")
    def _check_stores(self) -> ServiceSettings:
        if not self.database_url and not self.postgre_username:
            message = "Set DATABASE_URL (or POSTGRE_USERNAME and its companions)."
            raise ValueError(message)
        # Without its value: a password stands in it.
        if "://" in self.database_conninfo and not self.database_conninfo.startswith("postgresql://"):
            message = (
                "DATABASE_URL is no address of a Postgres; give such as postgresql://user:password@host:5432/name."
            )
            raise ValueError(message)
        if self.cloudflare_r2_bucket_name:
            missing = [name.upper() for name in R2_COMPANIONS if not getattr(self, name)]
            if missing:
                message = f"CLOUDFLARE_R2_BUCKET_NAME is set, so these are needed too: {', '.join(missing)}."
                raise ValueError(message)
        store = urlsplit(self.media_store_url)
        if store.scheme not in _STORES or (store.scheme == "s3" and not store.netloc):
            message = f"MEDIA_STORE_URL={self.media_store_url} is no store; give file:///folder or s3://bucket/prefix."
            raise ValueError(message)
        for server in self.nats_url.get_secret_value().split(","):
            # A server that is away is waited for; one that can never be reached is a mistake.
            kind, separator, _ = server.strip().partition("://")
            if not _can_be_read(server) or (separator and kind not in ("nats", "tls", "ws", "wss")):
                message = "NATS_URL is no address; give such as nats://bus.example.org:4222."
                raise ValueError(message)
        return self

    @property
    def media_location(self) -> MediaLocation:
        """Where uploads lie: R2 when its bucket is set, else MEDIA_STORE_URL, else the media root (identity §14)."""
        if not self.cloudflare_r2_bucket_name:
            root = unix_path(self.django_production_media_root) or DEFAULT_MEDIA_ROOT
            return MediaLocation(self.media_store_url or f"file://{quote(root)}")
        account = f"https://{self.cloudflare_r2_account_id}.r2.cloudflarestorage.com"
        domain = self.cloudflare_r2_custom_domain.strip().rstrip("/")
        return MediaLocation(
            f"s3://{self.cloudflare_r2_bucket_name}",
            S3Access(
                endpoint=self.cloudflare_r2_endpoint_url or account,
                key_id=self.cloudflare_r2_access_key_id,
                secret=self.cloudflare_r2_secret_access_key,
            ),
            address=domain if not domain or "://" in domain else f"https://{domain}",
        )

    @property
    def database_conninfo(self) -> str:
        """A libpq URL, from DATABASE_URL or from the POSTGRE_* pieces."""
        if self.database_url:
            return re.sub(r"^postgres(ql)?(\+\w+)?://", "postgresql://", self.database_url.get_secret_value())
        user, password = quote(self.postgre_username), quote(self.postgre_password.get_secret_value())
        return f"postgresql://{user}:{password}@{self.postgre_host}:{self.postgre_port}/{self.postgre_db}"
