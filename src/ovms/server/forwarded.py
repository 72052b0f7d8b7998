"""What a reverse proxy says of who asked it for a WebSocket: ``X-Forwarded-For`` and ``-Proto``.

It is believed from the proxies that the operator trusts, as in calls by HTTP, and from nobody else.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Final

from ovms.net.forwarded import UNCHANGED, ForwardedCaller
from ovms.server.proxy import TrustedProxies

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

SCHEMES: Final = {"https": True, "wss": True, "http": False, "ws": False}
"""Whether a caller spoke TLS with the proxy, by what the proxy says."""


class ForwardedReader:
    """Reads the headers of the proxies that are believed: addresses and networks (CIDR)."""

    def __init__(self, places: Iterable[str] = ()) -> None:
        self._proxies = TrustedProxies(places)

    def read(self, peer: str, values_of: Callable[[str], list[str]]) -> ForwardedCaller:
        """Return what is said of a caller; ``peer`` is who asks, as host:port.

        ``values_of`` returns what a header says, each time that it stands there.
        """
        if not self._proxies.trusts(_plain(peer.rpartition(":")[0])):
            return UNCHANGED
        protos = values_of("X-Forwarded-Proto")
        is_tls = SCHEMES.get(protos[-1].strip()) if protos else None
        return ForwardedCaller(self._caller(values_of("X-Forwarded-For")), is_tls)

    def _caller(self, values: list[str]) -> str | None:
        """Return the last address that is none of the proxies', as host:port.

        Each proxy adds whom it heard; what stands before that may be anybody's word.
        """
        for text in reversed(",".join(values).split(",")):
            host, port = _split(text.strip())
            host = _plain(host)
            if self._proxies.trusts(host):
                continue
            try:
                is_long = ip_address(host).version == 6
            except ValueError:
                return None
            return f"[{host}]:{port}" if is_long else f"{host}:{port}"
        return None


def _split(text: str) -> tuple[str, int]:
    """Return host and port; the port is 0 where none is said."""
    is_bare = text.count(":") > 1 and not text.startswith("[")
    host, _, port = (text, "", "") if is_bare else text.partition("]:" if "[" in text else ":")
    is_port = port.isascii() and port.isdigit() and len(port) <= len("65535")
    return host, int(port) if is_port else 0


def _plain(host: str) -> str:
    """Return an address without brackets; one of IPv4 that is written as IPv6 as what it is."""
    host = host.strip("[]")
    try:
        found = ip_address(host)
    except ValueError:
        return host
    return str(getattr(found, "ipv4_mapped", None) or found)
