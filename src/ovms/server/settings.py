"""What an operator can set. One table: the options, ``ovms.toml``, ``OVMS_…`` and the docs."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from ovms.base.paths import default_data_dir
from ovms.base.settings import SettingsError, load

Port = Annotated[int, Field(ge=0, le=65535)]


class ServerSettings(BaseSettings):
    """Settings of ``ovms serve``."""

    model_config = SettingsConfigDict(env_prefix="OVMS_", extra="forbid")

    data: Path = Field(
        default_factory=default_data_dir,
        description="Folder of the database, ready.json and ovms.toml; made on first start.",
    )
    database: str | None = Field(
        default=None, description="Database URL; SQLite in the data folder unless given."
    )
    host: list[str] = Field(
        default_factory=list, description="Addresses to listen on; all of them unless given."
    )
    port: Port = Field(
        default=6867, description="Port for modules and apps, plain. 0 takes a free one."
    )
    tls_port: Port = Field(default=6870, description="Reserved: port for modules and apps, TLS.")
    http_port: Port = Field(default=6868, description="Reserved: port for HTTP.")
    https_port: Port = Field(default=6869, description="Reserved: port for HTTPS.")
    answer_timeout: float = Field(
        default=60.0, gt=0, le=3600, description="Seconds a car has to answer a command."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="Least level to log: debug, info, warning, error."
    )
    log_format: Literal["text", "json"] = Field(
        default="text", description="Log lines as text or as JSON objects."
    )


def load_settings(config: Path | None, options: Mapping[str, object]) -> ServerSettings:
    """Gather the settings; ``ovms.toml`` is looked for in the data folder they name.

    Raises :class:`~ovms.base.settings.SettingsError`.
    """
    if config is None:
        beside = load(ServerSettings, config=None, options=options).data / "ovms.toml"
        config = beside if beside.exists() else None
    settings = load(ServerSettings, config=config, options=options)
    if config is not None and "data" in tomllib.loads(config.read_text("utf-8")):
        raise SettingsError(f"{config}: data", "only --data or OVMS_DATA can name the folder")
    return settings
