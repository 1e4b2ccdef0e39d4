"""The one place that reads the environment. Doors read it once and pass on what they need."""

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Where the engines are, which key seals identities, and how mail leaves. Frozen once read."""

    model_config = SettingsConfigDict(frozen=True, env_prefix="", env_ignore_empty=True, extra="ignore")

    database_url: str = Field(default="", description="PostgreSQL 15 or newer, as theca_app or theca_worker")
    database_admin_url: str = Field(default="", description="the same database as theca_migrate: db upgrade, people")
    database_worker_url: str = Field(default="", description="the same database as theca_worker, for workers")
    database_verify_url: str = Field(default="", description="the same database as theca_verify: doctor --invariants")
    database_backup_url: str = Field(default="", description="the same database as theca_backup: theca backup")
    database_pooler: str = Field(default="", description="'transaction' behind PgBouncer: no prepared statements")
    broker_url: str = Field(default="", description="another broker for Celery, like amqp://; empty: REDIS_URL")
    redis_url: str = Field(default="", description="the doorbell: a Redis-protocol broker")
    theca_data: Path = Field(default=Path(".theca"), description="where the embedded engines keep their data")
    theca_port: int = Field(default=8321, ge=1, le=65535, description="where the demo and `theca up` answer")
    theca_key_file: Path | None = Field(default=None, description="32 bytes, base64; kept out of backups")
    theca_checkpoints: Path | None = Field(default=None, description="where signed checkpoints go: a file of their own")
    theca_checkpoint_key: Path | None = Field(default=None, description="what signs them; for the notary's eyes only")
    theca_origin: str = Field(
        default="theca", pattern=r"^[A-Za-z0-9][A-Za-z0-9./_-]{0,99}$", description="whose ledger it is, in checkpoints"
    )
    theca_public_url: str = Field(default="", description="what links in messages begin with")
    theca_token: str = Field(default="", description="a bearer token: in whose name the command line acts")
    theca_cookie: str = Field(
        default="host",
        pattern="^(host|plain)$",
        description="'plain': without TLS too, for browsers on this machine's own loopback and for nobody else",
    )
    theca_trusted_proxies: str = Field(
        default="", description="whose X-Forwarded-For is believed: addresses or networks, with commas"
    )
    oidc_issuer: str = Field(default="", description="a single sign-on provider, by its issuer; empty: none")
    oidc_client_id: str = Field(default="", description="what Theca is called there")
    oidc_secret_file: Path | None = Field(default=None, description="the file with the client's secret, if it has one")
    oidc_groups_file: Path | None = Field(
        default=None, description="JSON: which group gives which role at which site; what is not in it gives nothing"
    )
    oidc_groups_claim: str = Field(default="groups", description="the claim that lists a person's groups")
    smtp_host: str = Field(default="", description="the mail relay")
    smtp_port: int = Field(default=25, ge=1, le=65535, description="its port")
    smtp_user: str = Field(default="", description="who signs in at the relay; empty: nobody does")
    smtp_password: str = Field(default="", description="their password")
    smtp_tls: bool = Field(default=True, description="STARTTLS, and no mail without it")
    mail_from: str = Field(default="theca@localhost", description="the sender of every message")
    webhook_allow_loopback: bool = Field(default=False, description="webhooks to this machine, to try them out")
    heartbeat_url: str = Field(
        default="", pattern=r"^(https?://\S+)?$", description="a monitor outside: workers GET it while time is kept"
    )
    heartbeat_every: int = Field(default=60, ge=10, le=86_400, description="seconds between two of those")
    transport: str = Field(default="smtp", pattern="^(smtp|console)$", description="'console' prints e-mail instead")

    @property
    def broker(self) -> str:
        """Where the bell hangs."""
        return self.broker_url or self.redis_url


def settings() -> Settings:
    """The settings as the environment gives them now."""
    return Settings()


def environment_with(changes: Mapping[str, str]) -> dict[str, str]:
    """The environment for a process started from here, with some settings changed."""
    return {**os.environ, **changes}
