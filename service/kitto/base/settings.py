"""The settings: the only place that reads the environment."""

from functools import lru_cache
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """Every setting of Kitto, each with a default that is safe on a laptop."""

    model_config = SettingsConfigDict(env_prefix="KITTO_", env_file=None, frozen=True, extra="ignore")

    data: Path = Field(
        default=Path.home() / ".local" / "share" / "kitto",
        description="Folder for the database, sealing key, labels, documents and run files.",
    )
    database_url: SecretStr = Field(
        default=SecretStr(""),
        description="SQLAlchemy URL. Empty: SQLite in the data folder. Production: postgresql://…",
    )
    role: Literal["all", "web", "worker"] = Field(
        default="all", description="What this process does: everything, only pages and API, only jobs."
    )
    worker_name: str = Field(
        default="kit-1", description="Name of this worker; two workers must never share one."
    )
    queues: str = Field(default="", description="Queues this worker serves, separated by commas. Empty: all.")
    host: str = Field(default="127.0.0.1", description="Address the web server listens on.")
    port: int = Field(default=8300, ge=0, le=65535, description="Port the web server listens on.")
    base_url: str = Field(
        default="", description="How people and agents reach Kitto. Empty: http://host:port."
    )
    tls_certificate: Path | None = Field(
        default=None, description="Certificate file (PEM), to serve HTTPS without a proxy."
    )
    tls_key: Path | None = Field(default=None, description="Private key file of tls_certificate.")
    trusted_proxies: str = Field(
        default="127.0.0.1",
        description="Proxies whose X-Forwarded-For and -Proto are believed, separated by commas.",
    )
    phone_country: str = Field(
        default="81",
        pattern=r"^[1-9][0-9]{0,2}$",
        description="Country calling code of phone numbers that are written with a leading 0.",
    )
    profile_certificate: Path | None = Field(
        default=None,
        description="Certificate chain (PEM) that signs profiles for iPhones. Empty: one of Kitto's own.",
    )
    profile_key: Path | None = Field(default=None, description="Private key file of profile_certificate.")
    adb: str = Field(default="adb", description="The adb program, for phones on a cable.")
    adb_server: str = Field(
        default="", description="host:port of the adb server that phones hang on. Empty: this machine."
    )
    label_host: str = Field(
        default="", description="Short host printed in QR codes. Empty: the host of base_url."
    )
    former_label_hosts: str = Field(
        default="", description="Hosts of labels printed in the past, separated by commas."
    )
    organisation: str = Field(default="", description="Name printed on labels and documents.")
    contact: str = Field(default="", description="Contact line for a finder, on the found-me page.")
    time_zone: str = Field(default="Asia/Tokyo", description="Time zone for people without their own.")
    locale: Literal["ja", "en"] = Field(default="ja", description="Language for people without their own.")
    log_format: Literal["console", "json"] = Field(
        default="console", description="json for machines, console for people."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least severe log line that is written."
    )
    session_idle_minutes: int = Field(
        default=60, ge=5, description="Minutes without use after which a sign-in ends."
    )
    session_hours: int = Field(
        default=12, ge=1, description="Hours after which a sign-in ends whatever happens."
    )
    sqlite_synchronous: Literal["NORMAL", "FULL"] = Field(
        default="NORMAL",
        description="FULL also survives a power cut without running a step again; slower.",
    )
    pool_size: int = Field(default=10, ge=1, description="PostgreSQL connections kept per process.")
    forks: int = Field(default=10, ge=1, description="Hosts an Ansible run works on at a time.")
    kit_concurrency: int = Field(
        default=8,
        ge=1,
        description="Kitting steps run at the same time; fewer where processors or memory are short.",
    )
    ansible_warm_minutes: float = Field(
        default=15,
        ge=0,
        description="Minutes for which Ansible stays loaded after a play. 0: each play loads it anew.",
    )
    ansible_strategy: Literal["near", "linear", "mitogen"] = Field(
        default="near",
        description="near: the tasks of a play run in one process; linear: each in its own, as Ansible does;"
        " mitogen: through a Python that stays on a Linux device, needs the extra kitto[mitogen].",
    )
    step_minutes: int = Field(default=30, ge=1, description="Minutes an automatic kitting step may take.")
    idle_output_minutes: int = Field(
        default=10, ge=1, description="Minutes an automatic step may stay silent."
    )
    playbooks: Path | None = Field(
        default=None, description="Folder of kitting recipes. Empty: those that come with Kitto."
    )
    label_templates: Path | None = Field(
        default=None, description="Folder of label templates. Empty: those that come with Kitto."
    )
    webhook_hosts: str = Field(
        default="", description="Hosts that webhook steps may call, separated by commas. Empty: none."
    )
    webhook_secret: SecretStr = Field(
        default=SecretStr(""), description="Signs the bodies of webhooks (HMAC-SHA256). Empty: unsigned."
    )
    allow_loopback_targets: bool = Field(
        default=False, description="Let probes and kits reach this very machine (bench and tests)."
    )
    issuer_ca: Path | None = Field(
        default=None,
        description="Authorities (PEM) of CI issuers with a certificate of your own, beside the usual ones.",
    )
    checkin_seconds: int = Field(default=900, ge=30, description="Seconds between two check-ins of an agent.")
    managed_from: str = Field(
        default="",
        description=(
            "Addresses or networks from which Kitto reaches devices, separated by commas; fresh machines let"
            " only these in. Empty: the host of base_url, if it is an IP address."
        ),
    )
    device_ca: Path | None = Field(
        default=None,
        description=(
            "Certificate authority (PEM) that fresh machines and agents shall trust to be Kitto's."
            " Empty: tls_certificate if it signed itself, else what the machine trusts already."
        ),
    )
    upload_limit: int = Field(
        default=10 * 1024 * 1024, ge=1024, description="Largest request body, in bytes."
    )

    def url(self) -> str:
        """Database URL with the driver named."""
        given = self.database_url.get_secret_value()
        if not given:
            return f"sqlite:///{self.data / 'kitto.sqlite3'}"
        for short in ("postgresql://", "postgres://"):
            if given.startswith(short):
                return "postgresql+psycopg://" + given.removeprefix(short)
        return given

    def public_url(self) -> str:
        """Address of the service as people and agents see it, without a trailing slash."""
        scheme = "https" if self.tls_certificate else "http"
        return (self.base_url or f"{scheme}://{self.host}:{self.port}").rstrip("/")

    def shipped(self, name: str) -> Path:
        """A folder that comes with Kitto (playbooks, label_templates, agents, inventories)."""
        beside_source = Path(__file__).resolve().parents[3] / name
        if beside_source.is_dir():
            return beside_source
        return Path(__file__).resolve().parents[1] / "share" / name

    def collections(self) -> tuple[Path, ...]:
        """Where Ansible looks for collections: first this installation's, then those that come with Kitto."""
        return self.data / "collections", self.shipped("collections")


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process; read once."""
    return Settings()
