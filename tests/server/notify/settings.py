"""Settings of the channels for tests."""

from __future__ import annotations

from typing import Literal

from ovms.server.notify.channels.expo import ExpoSettings
from ovms.server.notify.channels.mail import MailSettings
from ovms.server.notify.registry import ChannelTables


class Settings(ChannelTables, ExpoSettings, MailSettings):
    """What an operator may set; nobody is reached by the defaults."""

    mail_host: str | None = "127.0.0.1"
    mail_port: int = 0
    mail_tls: Literal["starttls", "tls", "none"] = "none"
    mail_from: str | None = "Ärger <ovms@example.org>"
    expo_url: str = "http://127.0.0.1:1/"
