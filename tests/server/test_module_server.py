from __future__ import annotations

from typing import TYPE_CHECKING

from ovms.server.authority import Authority
from ovms.server.certificate import find_pair, make_certificate
from ovms.server.listener import bind
from ovms.server.module_server import module_server
from ovms.server.settings import ServerSettings

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_700_000_000.0


def test_facts(tmp_path: Path) -> None:
    """Ports are those that are open, and the certificate is the one that the files hold now."""
    settings = ServerSettings(data=tmp_path, public_host="cars.example.org")
    (line,) = bind(["127.0.0.1"], 0)
    place = module_server(settings, {"tls_port": [line]})
    assert (place.host, place.port, place.tls_port) == (
        "cars.example.org", None, line.getsockname()[1],
    )  # fmt: skip
    line.close()
    assert place.read_certificate() is None
    pair = find_pair(tmp_path, None, None)
    make_certificate(pair, "car-server", NOW)
    made = place.read_certificate()
    assert made is not None
    assert (made.is_known, made.authority, len(made.fingerprint)) == (False, None, 95)
    assert "car-server" in made.names
    authority = Authority.of(tmp_path)
    authority.make("home", NOW)
    authority.sign(pair, ["cars.example.org"], NOW)
    signed = place.read_certificate()
    assert signed is not None
    assert signed.authority == authority.certificate.read_text("ascii")


def test_without_tls(tmp_path: Path) -> None:
    """A server without TLS has no certificate."""
    assert module_server(ServerSettings(data=tmp_path, tls=False), {}).read_certificate() is None
