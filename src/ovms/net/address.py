"""Server addresses as people write them: ``HOST[:PORT]``."""

from __future__ import annotations

import re
from typing import Final

PLAIN_PORT: Final = 6867
"""The usual port for lines."""

TLS_PORT: Final = 6870
"""The usual port for lines in TLS."""

_ADDRESS = re.compile(r"(?:\[(?P<v6>[^\]\s]+)\]|(?P<host>[^:\s\[\]]+))(?::(?P<port>\d{1,5}))?")


def parse_address(text: str, default_port: int) -> tuple[str, int] | None:
    """Return host and port; an IPv6 address is in brackets. Return ``None`` for anything else."""
    match = _ADDRESS.fullmatch(text)
    port = int(match["port"] or default_port) if match else 0
    if match is None or not 1 <= port <= 65535:
        return None
    return match["v6"] or match["host"], port


def address_text(peername: object) -> str:
    """Return an address as host:port, or the empty text if there is none."""
    match peername:
        case (str(host), int(port), *_):
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return ""
