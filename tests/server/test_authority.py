from __future__ import annotations

import ssl
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa

from ovms.net.tls import client_context
from ovms.server.authority import (
    SIGNED_DAYS,
    Authority,
    BadName,
    checked_name,
    public_name,
    subject_names,
)
from ovms.server.certificate import BadCertificate, find_pair, read_certificate
from ovms.server.chain import read_chain
from tests.certs import key_pem, make_pair, pair_in

if TYPE_CHECKING:
    from pathlib import Path

NOW = time.time()


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """Return a CA that was just made."""
    made = Authority.of(tmp_path)
    assert not made.is_there
    made.make("cars.example.com", NOW)
    return made


def shake(ca: Path, server: ssl.SSLContext, host: str) -> None:
    """Do a whole handshake of a caller that trusts a file. Raises what the caller raises."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_context(ca).wrap_bio(to_client, to_server, server_hostname=host)
    peer = server.wrap_bio(to_server, to_client, server_side=True)
    waiting = [client, peer]
    while waiting:
        end = waiting.pop(0)
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            waiting.append(end)


def test_the_files_of_a_ca(authority: Authority, tmp_path: Path) -> None:
    """Only its owner may read its key; it may sign certificates of servers, and no further CA."""
    folder = tmp_path / "tls"
    assert (authority.certificate, authority.key) == (folder / "ca.pem", folder / "ca-key.pem")
    modes = [path.stat().st_mode & 0o777 for path in (folder, authority.key, authority.certificate)]
    assert modes == [0o700, 0o600, 0o644]
    ca = x509.load_pem_x509_certificate(authority.certificate.read_bytes())
    limits = ca.extensions.get_extension_for_class(x509.BasicConstraints)
    assert (limits.critical, limits.value.ca, limits.value.path_length) == (True, True, 0)
    usage = ca.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.key_cert_sign, usage.digital_signature) == (True, False)
    assert ca.not_valid_after_utc < datetime(2038, 1, 1, tzinfo=UTC)
    assert authority.is_there


@pytest.mark.parametrize("host", ["cars.example.com", "192.0.2.7", "2001:db8::1", "localhost"])
def test_a_caller_that_trusts_the_ca_trusts_the_server(
    authority: Authority, tmp_path: Path, host: str
) -> None:
    """By each of its names, and by no other."""
    pair = find_pair(tmp_path, None, None)
    authority.sign(pair, ["cars.example.com", "192.0.2.7", "2001:db8::1"], NOW)
    assert [path.stat().st_mode & 0o777 for path in (pair.certificate, pair.key)] == [0o644, 0o600]
    server = read_certificate(pair).context
    shake(authority.certificate, server, host)
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        shake(authority.certificate, server, "other.example.com")
    assert authority.has_signed(pair)


def test_another_certificate_of_the_same_ca(authority: Authority, tmp_path: Path) -> None:
    """Whoever trusts the CA trusts it at once; it has another key."""
    pair = find_pair(tmp_path, None, None)
    authority.sign(pair, ["a.example.com"], NOW)
    key, ca = pair.key.read_bytes(), authority.certificate.read_bytes()
    authority.sign(pair, ["b.example.com"], NOW)
    assert pair.key.read_bytes() != key
    assert authority.certificate.read_bytes() == ca
    shake(authority.certificate, read_certificate(pair).context, "b.example.com")


def test_how_long_a_certificate_is_good(authority: Authority, tmp_path: Path) -> None:
    """Apple's devices take 825 days, and none outlives its CA; one that has ended signs nothing."""
    pair = find_pair(tmp_path, None, None)
    authority.sign(pair, ["a"], NOW)
    assert read_chain(pair.certificate).days_left(NOW) <= SIGNED_DAYS < 825
    ca = read_chain(authority.certificate)
    late = ca.ends.timestamp() - 10 * 86400
    authority.sign(pair, ["a"], late)
    assert read_chain(pair.certificate).ends <= ca.ends
    with pytest.raises(BadCertificate, match=r"ca\.pem ends on 20"):
        authority.sign(pair, ["a"], ca.ends.timestamp() + 1)


def test_an_address_is_a_name_too() -> None:
    """A module compares addresses with names only; an IPv6 address cannot be one."""
    names = subject_names(["192.0.2.7", "::1", "a.b"])
    assert names.get_values_for_type(x509.DNSName) == ["192.0.2.7", "a.b"]
    assert [*map(str, names.get_values_for_type(x509.IPAddress))] == ["192.0.2.7", "::1"]


def test_files_that_do_not_fit(authority: Authority, tmp_path: Path) -> None:
    """Each is named, and no certificate is made."""
    pair = find_pair(tmp_path, None, None)
    good = authority.key.read_bytes()
    other = make_pair(pair_in(tmp_path / "other"))
    assert not authority.has_signed(other)
    authority.key.write_bytes(other.key.read_bytes())
    with pytest.raises(BadCertificate, match=r"ca-key\.pem is not the key of"):
        authority.sign(pair, ["a"], NOW)
    authority.key.write_text("x")
    with pytest.raises(BadCertificate, match=r"ca-key\.pem is not a key in PEM"):
        authority.sign(pair, ["a"], NOW)
    authority.key.write_bytes(key_pem(rsa.generate_private_key(65537, 2048)))
    with pytest.raises(BadCertificate, match="not a key of an elliptic curve"):
        authority.sign(pair, ["a"], NOW)
    authority.key.unlink()
    with pytest.raises(BadCertificate, match=r"ca-key\.pem: No such file"):
        authority.sign(pair, ["a"], NOW)
    authority.key.write_bytes(good)
    authority.certificate.unlink()
    assert not authority.has_signed(other)
    with pytest.raises(BadCertificate, match=r"ca\.pem: No such file"):
        authority.sign(pair, ["a"], NOW)
    assert not pair.is_there


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Cars.Example.com", "cars.example.com"), ("cars.example.com.", "cars.example.com"),
        ("*.example.com", "*.example.com"), ("bücher.example", "xn--bcher-kva.example"),
        ("192.0.2.7", "192.0.2.7"), ("[2001:DB8::1]", "2001:db8::1"), ("garage", "garage"),
    ],
)  # fmt: skip
def test_names(text: str, name: str) -> None:
    """A name is written as certificates hold it."""
    assert checked_name(text) == name


@pytest.mark.parametrize(
    "text",
    ["", "a b", "-x", "x..y", "1.2.3", "300.1.1.1", "a_b", "a/b", "https://a", "a:6870", "*"],
)
def test_what_is_no_name(text: str) -> None:
    """It is refused: a certificate for it would help nobody."""
    with pytest.raises(BadName):
        checked_name(text)


@pytest.mark.parametrize(
    ("names", "public"),
    [
        (["localhost", "192.0.2.7", "*.example.org", "cars.example.org", "b.example.org"],
         "cars.example.org"),
        (["192.0.2.7", "127.0.0.1"], "192.0.2.7"),
        (["localhost", "*.example.org"], None),
        ([], None),
    ],
)  # fmt: skip
def test_the_name_for_others(names: list[str], public: str | None) -> None:
    """A host name counts before an address; what only this machine can use is none."""
    assert public_name(names) == public
