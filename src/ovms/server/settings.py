"""The settings of the server: one table for options, ``ovms.toml``, variables and docs."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from ovms.base.paths import default_data_dir
from ovms.base.settings import SettingsError, load
from ovms.net.address import TLS_PORT, parse_address
from ovms.server.account_settings import AccountSettings
from ovms.server.backup.files import FileSources
from ovms.server.backup.job import BackupJob
from ovms.server.backup.schedule import BackupPlan
from ovms.server.backup_settings import BackupSettings
from ovms.server.handshakes import HANDSHAKES
from ovms.server.http_settings import HttpSettings, Port
from ovms.server.journey_settings import JourneySettings
from ovms.server.limit_settings import LimitSettings
from ovms.server.notify.channels.expo import ExpoSettings
from ovms.server.notify.channels.mail import MailSettings
from ovms.server.notify.registry import ChannelTables
from ovms.server.proxy import TrustedProxies
from ovms.server.unfinished import finish_interrupted
from ovms.server.web_settings import WebSettings


class PeerSettings(BaseModel):
    """Another server that ours calls for its vehicles and the messages of their cars."""

    model_config = ConfigDict(extra="forbid")

    server: str = Field(description="HOST[:PORT] of the other server; port 6870, 6867 without TLS.")
    id: str = Field(
        description="The id of ours at the other server: a vehicle of type server there."
    )
    secret: SecretStr = Field(description="The secret of that vehicle.")
    tls: bool = Field(default=True, description="Call over TLS.")
    ca: Path | None = Field(
        default=None,
        description="Certificate to trust, PEM, relative to the data folder; the machine's roots"
        " unless given.",
    )
    insecure: bool = Field(default=False, description="Accept any certificate.")

    @field_validator("server")
    @classmethod
    def _is_address(cls, text: str) -> str:
        if parse_address(text, TLS_PORT) is None:
            raise ValueError("is not HOST[:PORT]; an IPv6 address stands in brackets")
        return text

    @field_validator("id")
    @classmethod
    def _is_id(cls, text: str) -> str:
        if not text or not text.isprintable() or any(map(str.isspace, text)):
            raise ValueError("is not a vehicle id")
        return text.upper()


class CoreSettings(BaseSettings):
    """Settings of ``ovms serve`` without those of alerts."""

    model_config = SettingsConfigDict(env_prefix="OVMS_", extra="forbid")

    data: Path = Field(
        default_factory=default_data_dir,
        description="Folder of the database, ready.json and ovms.toml; made on first start.",
    )
    database: str | None = Field(
        default=None,
        description="Database URL, such as postgresql://USER@HOST/NAME; SQLite in the data folder"
        " unless given.",
    )
    key_file: Path | None = Field(
        default=None,
        description="File of the key of the secrets in the database, relative to the data folder;"
        " secrets.key there unless given. Made on first start.",
    )
    host: list[str] = Field(
        default_factory=list, description="Addresses to listen on; all of them unless given."
    )
    port: Port = Field(
        default=6867, description="Port for modules and apps, plain. 0 takes a free one."
    )
    tls_port: Port = Field(
        default=6870, description="Port for modules and apps, TLS. 0 takes a free one."
    )
    public_host: str | None = Field(
        default=None,
        description="Name or address, HOST[:PORT], by which modules reach the server; shown in what"
        " to set in them.",
    )
    plain: bool = Field(
        default=True, description="Open the port without TLS; the first modules have no other."
    )
    tls: bool = Field(default=True, description="Open the TLS port.")
    tls_cert: Path | None = Field(
        default=None,
        description="Certificate for TLS, PEM; a self-signed one is made unless given.",
    )
    tls_key: Path | None = Field(default=None, description="Key of tls_cert, PEM.")
    tls_names: Path | None = Field(
        default=None,
        description="Folder of further certificates: NAME/fullchain.pem and NAME/privkey.pem.",
    )
    tls_handshakes: int = Field(
        default=HANDSHAKES,
        ge=1,
        le=1_000_000,
        description="TLS handshakes under way at a time, some 60 kB each; others wait their turn.",
    )
    proxy_from: list[str] = Field(
        default_factory=list,
        description="Addresses and networks (10.0.0.0/8) of proxies in front, who say who calls"
        " by the PROXY protocol, version 1 or 2; without it they are refused.",
    )
    peers: list[PeerSettings] = Field(
        default_factory=list,
        description="Other servers that ours calls: tables [[peers]] with server, id, secret,"
        " tls, ca, insecure.",
    )
    answer_timeout: float = Field(
        default=60.0, gt=0, le=3600, description="Seconds a car has to answer a command."
    )
    trust_clock: bool = Field(
        default=False,
        description="Delete by the clock at once, also when it is more than a day ahead of the"
        " last sign of life in the database.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level to log: debug, info, warning, error."
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="Log lines as text or as JSON objects."
    )

    # The telemetry log: what cars report over time.
    log_interval: float = Field(
        default=60.0,
        ge=1,
        le=86400,
        description="Least seconds between two logged messages of a code.",
    )
    log_days: int = Field(
        default=30, ge=0, le=3650, description="Days that what cars report is kept; 0 keeps none."
    )
    log_position_days: int = Field(
        default=30, ge=0, le=3650, description="Days that positions are kept; 0 keeps none."
    )
    history_position_days: int = Field(
        default=3650,
        ge=0,
        le=3650,
        description="Days that cars' own records that may hold positions, alerts with coordinates "
        "and the last known position are kept at most; 3650 leaves that to the cars.",
    )

    @model_validator(mode="after")
    def _fit_together(self) -> Self:
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError("tls_cert and tls_key are given together, or neither")
        if not self.tls and not self.plain:
            raise ValueError("tls and plain are both off: no port is left")
        return self

    @field_validator("public_host")
    @classmethod
    def _is_place(cls, text: str | None) -> str | None:
        if text is not None and parse_address(text, TLS_PORT) is None:
            raise ValueError("is not HOST[:PORT]; an IPv6 address stands in brackets")
        return text

    @field_validator("proxy_from")
    @classmethod
    def _are_networks(cls, places: list[str]) -> list[str]:
        TrustedProxies(places)
        return places

    @field_validator("peers")
    @classmethod
    def _are_distinct(cls, peers: list[PeerSettings]) -> list[PeerSettings]:
        if len({peer.id for peer in peers}) != len(peers):
            raise ValueError("two servers know ours by the same id; the ids must differ")
        return peers


class ServerSettings(
    ChannelTables,
    LimitSettings,
    AccountSettings,
    HttpSettings,
    WebSettings,
    JourneySettings,
    BackupSettings,
    ExpoSettings,
    MailSettings,
    CoreSettings,
):
    """Settings of ``ovms serve``.

    Those of mail and Expo stand at the top level, because they are older than tables of channels.
    """

    alert_window: float = Field(
        default=3.0,
        ge=0,
        le=60,
        description="Seconds in which a vehicle's alerts are gathered into one delivery.",
    )
    alert_repeat: float = Field(
        default=60.0,
        ge=0,
        le=86400,
        description="Seconds in which the same alert of a vehicle is delivered only once.",
    )
    _read_from: Path | None = PrivateAttr(default=None)
    """The file that was named to be read."""

    @model_validator(mode="after")
    def _ports_differ(self) -> Self:
        taken: dict[int, str] = {}
        for name, port in self.open_ports().items():
            other = taken.setdefault(port, name)
            if other != name and port != 0:
                raise ValueError(f"{other} and {name} must differ")
        return self

    def open_ports(self) -> dict[str, int]:
        """Return the ports that are opened, by the names of their settings."""
        names = {
            "port": self.plain,
            "tls_port": self.tls,
            "http_port": self.http and self.plain,
            "https_port": self.http and self.tls,
            "metrics_port": self.metrics_port is not None,
        }
        return {name: getattr(self, name) for name, is_open in names.items() if is_open}

    def file_sources(self) -> FileSources:
        """Return where the files are that a backup holds."""
        peers = (each.ca for each in self.peers)
        named = (self.tls_cert, self.tls_key, self.tls_names, *peers)
        given = tuple(each for each in named if each is not None)
        return FileSources(self.data, self._read_from, given)

    def backup_plan(self) -> BackupPlan | None:
        """Return when and where backups are made, ``None`` if none are."""
        if self.backup_every == 0:
            return None
        folder = (self.data / self.backup_folder).absolute()
        return BackupPlan(self.backup_every * 3600.0, folder, self.backup_keep)

    def backup_job(self, plan: BackupPlan, now: float) -> BackupJob:
        """Return what makes a backup of that time (Unix seconds)."""
        sources = self.file_sources()
        return BackupJob(
            data=str(self.data.absolute()),
            database=self.database,
            key_file=None if self.key_file is None else str(self.key_file),
            config=None if sources.config is None else str(sources.config.absolute()),
            named=[str(each) for each in sources.named],
            folder=str(plan.folder),
            now=now,
            secrets=self.backup_key,
        )

    def hosts_of(self, port: str) -> list[str]:
        """Return the addresses of the port of a setting; without any it is open on all."""
        return [self.metrics_host] if port == "metrics_port" else self.host


def load_settings(config: Path | None, options: Mapping[str, object]) -> ServerSettings:
    """Return the settings; ``ovms.toml`` is read from the data folder that they name.

    Raises :class:`~ovms.base.settings.SettingsError`.
    """
    if config is None:
        data = load(ServerSettings, config=None, options=options).data
        finish_interrupted(data)
        beside = data / "ovms.toml"
        config = beside if beside.exists() else None
    settings = load(ServerSettings, config=config, options=options)
    if finish_interrupted(settings.data):
        settings = load(ServerSettings, config=config, options=options)
    settings._read_from = config
    if config is not None and "data" in tomllib.loads(config.read_text("utf-8")):
        raise SettingsError(f"{config}: data", "only --data or OVMS_DATA can name the folder")
    return settings
