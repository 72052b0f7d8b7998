from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import typer

from ovms.cli.module_link import find_link
from ovms.server.authority import Authority
from ovms.server.certificate import find_pair, make_certificate
from ovms.server.settings import ServerSettings
from ovms.server.values import Vehicle
from tests.certs import make_pair
from tests.server.test_chain import NOW, Signer, write

if TYPE_CHECKING:
    from pathlib import Path

    from ovms.cli.module_setup import ModuleLink


def vehicle(tls_only: bool = False) -> Vehicle:
    """Return a vehicle."""
    return Vehicle("CAR", 1, "bob", "", "s3cret", "car", "", 1.0, 1.0, tls_only=tls_only)


def found(
    data: Path, *, host: str | None = None, tls: bool | None = None, only: bool = False,
    **settings: Any,
) -> tuple[ModuleLink, str]:  # fmt: skip
    """Return how a module calls the server with these settings, and what is said of TLS."""
    return find_link(ServerSettings(data=data, **settings), vehicle(only), host, tls, "K")


def own_ca(data: Path, *names: str) -> None:
    """Give the server a certificate of its own CA."""
    Authority.of(data).make(names[0], NOW.timestamp())
    Authority.of(data).sign(find_pair(data, None, None), names, NOW.timestamp())


def public(data: Path, anchor: str) -> dict[str, Any]:
    """Give the server a certificate whose chain ends at a root."""
    data.mkdir(exist_ok=True)
    middle = Signer("middle", Signer(anchor))
    file = write(data, Signer("h.example.org", middle), middle)
    return {"tls_cert": file, "tls_key": data / "key.pem"}


@pytest.mark.parametrize("is_made", [False, True])
def test_a_self_made_certificate_means_no_tls(tmp_path: Path, is_made: bool) -> None:
    """No module trusts it, and its wizard switches TLS on: that is said."""
    if is_made:
        make_certificate(find_pair(tmp_path, None, None), "garage", NOW.timestamp())
    link, advice = found(tmp_path)
    assert (link.tls, link.host, link.port, link.plain_port) == (False, "HOST", None, 6867)
    assert advice.startswith("is off: the server's certificate is self-made")
    assert "wizard switches TLS on" in advice
    assert "ovms tls make" in advice


def test_a_certificate_that_modules_trust(tmp_path: Path) -> None:
    """TLS is on, and the address is the name in the certificate."""
    link, advice = found(tmp_path, **public(tmp_path, "ISRG Root X1"))
    assert (link.tls, link.host, link.port) == (True, "h.example.org", None)
    assert advice == "is on: modules trust the server's certificate, by ISRG Root X1"
    link, advice = found(tmp_path, host="x.org", **public(tmp_path, "ISRG Root X1"))
    assert link.host == "x.org"
    assert "the certificate is for h.example.org, not for x.org" in advice
    link, advice = found(tmp_path, **public(tmp_path, "ISRG Root X2"))
    assert link.tls is False
    assert "ends at ISRG Root X2" in advice


def test_a_certificate_of_ones_own_ca(tmp_path: Path) -> None:
    """TLS is on, and the step before it is named; a name is taken before an address."""
    own_ca(tmp_path, "192.0.2.7", "cars.example.org")
    link, advice = found(tmp_path)
    assert (link.tls, link.host) == (True, "cars.example.org")
    assert f"first the module must be given {tmp_path / 'tls' / 'ca.pem'}" in advice
    assert found(tmp_path, tls=False)[0].tls is False


@pytest.mark.parametrize(("settings", "only"), [({"plain": False}, False), ({}, True)])
def test_where_nobody_may_call_without_tls(
    tmp_path: Path, settings: dict[str, Any], only: bool
) -> None:
    """TLS is on whatever the certificate, and a PIC has no port."""
    link, advice = found(tmp_path, only=only, **settings)
    assert (link.tls, link.plain_port) == (True, None)
    assert advice.startswith("is on, because nobody may call without: ")
    assert "no module trusts" in advice


def test_a_server_without_tls(tmp_path: Path) -> None:
    """It has no port for it."""
    assert found(tmp_path, port=7000)[0].port == 7000
    settings = ServerSettings(data=tmp_path, tls=False)
    _, advice = find_link(settings, vehicle(), None, None, "K")
    assert advice.startswith("is off, because this server opens no port for it")


@pytest.mark.parametrize(
    ("host", "public_host", "name", "port"),
    [
        ("a.org", "b.org", "a.org", None), (None, "b.org", "b.org", None),
        ("a.org:7000", None, "a.org", 7000), (None, "b.org:443", "b.org", 443),
        ("[2001:db8::1]:1", None, "2001:db8::1", 1), ("a.org:6867", None, "a.org", None),
    ],
)  # fmt: skip
def test_where_the_server_is(
    tmp_path: Path, host: str | None, public_host: str | None, name: str, port: int | None
) -> None:
    """The option counts more than the setting, and a port may be told with it."""
    link, _ = found(tmp_path, host=host, public_host=public_host)
    assert (link.host, link.port) == (name, port)


def test_wrong_usage(tmp_path: Path) -> None:
    """An address that is none, and other units, are refused."""
    with pytest.raises(typer.Exit):
        found(tmp_path, host="a b")
    with pytest.raises(typer.Exit):
        find_link(ServerSettings(data=tmp_path), vehicle(), None, None, "X")
    with pytest.raises(ValueError, match="HOST"):
        ServerSettings(data=tmp_path, public_host="a b")


def test_a_certificate_of_somebody_without_names(tmp_path: Path) -> None:
    """A wildcard is no address: it must be told."""
    make_pair(find_pair(tmp_path, None, None), "*.example.org")
    assert found(tmp_path)[0].host == "HOST"
