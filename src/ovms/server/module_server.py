"""Where modules reach this server, found from its settings, its sockets and its certificate."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.hashes import SHA256

from ovms.server.authority import Authority
from ovms.server.certificate import BadCertificate, find_pair
from ovms.server.chain import load_certificates, read_chain
from ovms.server.http.module_place import CertificateFacts, ModuleServer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from socket import socket

    from ovms.server.settings import ServerSettings


def module_server(settings: ServerSettings, ports: Mapping[str, list[socket]]) -> ModuleServer:
    """Return where modules call; ``ports`` are the open ones, by the names of their settings."""
    return ModuleServer(
        host=settings.public_host,
        port=_number(ports, "port"),
        tls_port=_number(ports, "tls_port"),
        read_certificate=partial(read_facts, settings),
    )


def read_facts(settings: ServerSettings) -> CertificateFacts | None:
    """Read the server's certificate; ``None`` without TLS, and if it cannot be read now."""
    if not settings.tls:
        return None
    pair = find_pair(settings.data, settings.tls_cert, settings.tls_key)
    authority = Authority.of(settings.data)
    try:
        chain, leaf = read_chain(pair.certificate), load_certificates(pair.certificate)[0]
        is_own = authority.has_signed(pair)
        pem = authority.certificate.read_text("ascii") if is_own else None
    except (BadCertificate, OSError):
        return None
    return CertificateFacts(
        fingerprint=leaf.fingerprint(SHA256()).hex(":").upper(),
        names=chain.names,
        ends=chain.ends.timestamp(),
        anchor=chain.anchor,
        is_known=chain.is_known,
        authority=pem,
    )


def _number(ports: Mapping[str, list[socket]], name: str) -> int | None:
    sockets = ports.get(name)
    return int(sockets[0].getsockname()[1]) if sockets else None
