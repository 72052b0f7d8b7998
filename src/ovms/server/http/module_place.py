"""Where modules reach the server, and whether they trust it: what pages of set-up show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CertificateFacts:
    """The certificate that a caller gets who asks for no name."""

    fingerprint: str
    """SHA-256 of the server's own certificate, hexadecimal with colons."""
    names: tuple[str, ...]
    """Host names and addresses that it covers."""
    ends: float
    """Unix seconds."""
    anchor: str
    """What the root is called that it ends at."""
    is_known: bool
    """Modules bring that root."""
    authority: str | None
    """The certificate of the server's own CA, PEM, which modules can be given."""


@dataclass(frozen=True, slots=True)
class ModuleServer:
    """Where modules call; ``None`` of a port that is not open."""

    host: str | None = None
    """What the operator has set (``public_host``), with a port if that was."""
    port: int | None = None
    tls_port: int | None = None
    read_certificate: Callable[[], CertificateFacts | None] = lambda: None
    """Reads files."""
