"""The settings of accounts: who may make one, what an owner may have, and where mails point."""

from __future__ import annotations

from urllib.parse import urlsplit

from pydantic import BaseModel, Field, field_validator

from ovms.server.audit import AUDIT_DAYS
from ovms.server.storage.limits import OwnerQuotas

QUOTAS = OwnerQuotas()


class AccountSettings(BaseModel):
    """What strangers and owners may do; at the top level of the server's settings."""

    public_url: str | None = Field(
        default=None,
        description="Address of the server's pages, https://HOST[:PORT][/PATH], for links in mails;"
        " without it mails have codes only. Calls of its pages count as the server's own, by"
        " whatever name a proxy calls it.",
    )
    registration: bool = Field(
        default=False,
        description="Whoever shows that mail arrives may make an account. Needs mail_host.",
    )
    vehicles_per_owner: int = Field(
        default=QUOTAS.vehicles,
        ge=0,
        le=1_000_000,
        description="Vehicles that an owner without a limit of their own may make; 0 is no limit."
        " The operator may make more.",
    )
    bytes_per_owner: int = Field(
        default=QUOTAS.bytes,
        ge=0,
        le=1_000_000_000_000_000,
        description="Bytes of history of all vehicles of an owner without a limit of their own; 0"
        " is no limit. Beyond it nothing new is kept.",
    )
    audit_days: int = Field(
        default=AUDIT_DAYS,
        ge=1,
        le=3650,
        description="Days that log-ins, commands and changes are kept in the audit trail.",
    )

    @field_validator("public_url")
    @classmethod
    def _is_url(cls, text: str | None) -> str | None:
        if text is None:
            return None
        try:
            parts = urlsplit(text)
            is_right = bool(parts.scheme in ("http", "https") and parts.hostname)
            is_right = is_right and parts.port != 0 and not (parts.query or parts.fragment)
        except ValueError:
            is_right = False
        if not is_right or "@" in text or not text.isprintable() or " " in text:
            raise ValueError("is not https://HOST[:PORT][/PATH]")
        return text.rstrip("/")

    def owner_quotas(self) -> OwnerQuotas:
        """Return what an owner may have who has no limits of their own."""
        return OwnerQuotas(self.vehicles_per_owner, self.bytes_per_owner)
