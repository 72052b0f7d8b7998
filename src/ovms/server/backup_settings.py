"""The settings of the backups that the server makes by itself."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, Field

from ovms.server.backup.schedule import MAX_KEPT


class BackupSettings(BaseModel):
    """Backups; at the top level of the server's settings."""

    backup_every: float = Field(
        default=0.0,
        ge=0,
        le=8784,
        description="Hours between two backups that the server makes by itself; 0 makes none.",
    )
    backup_folder: Path = Field(
        default=Path("backups"),
        description="Folder of those backups, relative to the data folder; made if it is missing."
        " Another disk is better.",
    )
    backup_keep: int = Field(
        default=7, ge=1, le=MAX_KEPT, description="How many of those backups are kept."
    )
    backup_key: bool = Field(
        default=True,
        description="Those backups hold the key of the secrets, ovms.toml and tls/ too: all that a"
        " restore needs.",
    )
