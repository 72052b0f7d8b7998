"""Settings of the channels for tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import SecretStr


@dataclass
class Settings:
    """What an operator may set."""

    mail_host: str | None = "127.0.0.1"
    mail_port: int = 0
    mail_tls: Literal["starttls", "tls", "none"] = "none"
    mail_user: str | None = None
    mail_password: SecretStr | None = None
    mail_from: str | None = "Ärger <ovms@example.org>"
    expo_url: str = "http://127.0.0.1:1/"
