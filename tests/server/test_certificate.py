from __future__ import annotations

import ssl
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from ovms.server.certificate import (
    BadCertificate,
    Pair,
    find_pair,
    make_certificate,
    read_certificate,
)
from tests.certs import DAY, key_pem, make_pair, pair_in

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    """Name a pair that is not there yet."""
    return pair_in(tmp_path / "live" / "cars.example")


def test_a_pair_of_our_own(tmp_path: Path) -> None:
    """It is for this machine, good for nearly ten years, and its key is its owner's."""
    pair = find_pair(tmp_path, None, None)
    make_certificate(pair, "Garage", NOW.timestamp())
    assert pair == Pair(tmp_path / "tls" / "cert.pem", tmp_path / "tls" / "key.pem")
    modes = [path.stat().st_mode & 0o777 for path in (pair.certificate.parent, pair.key)]
    assert modes == [0o700, 0o600]
    made = read_certificate(pair)
    assert made.names == {"localhost", "garage"}
    assert made.begins < NOW < made.ends < datetime(2036, 3, 1, tzinfo=UTC)
    assert made.ends - NOW > 3648 * DAY
    leaf = x509.load_pem_x509_certificate(pair.certificate.read_bytes())
    key = leaf.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert [str(ip) for ip in names.get_values_for_type(x509.IPAddress)] == ["127.0.0.1", "::1"]


@pytest.mark.parametrize("name", ["", "two words", "-x", "garäge", "a..b", "localhost", "x" * 300])
def test_a_host_name_that_is_none(tmp_path: Path, name: str) -> None:
    """A machine with a name that cannot be in a certificate gets one without it."""
    pair = find_pair(tmp_path, None, None)
    make_certificate(pair, name, NOW.timestamp())
    assert read_certificate(pair).names == {"localhost"}


def test_a_pair_that_is_configured(tmp_path: Path) -> None:
    """Its paths are seen from the data folder; one that begins at the root stays."""
    far = Path("/etc/letsencrypt/live/x/fullchain.pem")
    assert find_pair(tmp_path, far, Path("k.pem")) == Pair(far, tmp_path / "k.pem")


def test_names_dates_and_context(pair: Pair) -> None:
    """A certificate has its names and its end, and serves TLS 1.2 and newer."""
    make_pair(pair, "Cars.Example", "*.cars.example", begins=NOW - DAY, ends=NOW + DAY)
    found = read_certificate(pair)
    assert found.names == {"cars.example", "*.cars.example"}
    assert found.context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert found.context.verify_mode is ssl.CERT_NONE


@pytest.mark.parametrize(
    ("days", "problem"),
    [
        (-1.01, "certificate {} is valid only from 2026-02-28"),
        (-0.99, None),
        (0.99, None),
        (1, "certificate {} expired on 2026-03-02"),
    ],
)
def test_dates(pair: Pair, days: float, problem: str | None) -> None:
    """A problem with the dates is one line, at the bound and one past it."""
    make_pair(pair, begins=NOW - DAY, ends=NOW + DAY)
    found = read_certificate(pair).problem((NOW + days * DAY).timestamp())
    assert found == (problem and problem.format(pair.certificate))


def test_several_in_one_file(pair: Pair, tmp_path: Path) -> None:
    """The first is the server's own, those behind it are the chain."""
    make_pair(pair, "cars.example")
    other = make_pair(pair_in(tmp_path / "other"), "other.example")
    with pair.certificate.open("ab") as file:
        file.write(other.certificate.read_bytes())
    assert read_certificate(pair).names == {"cars.example"}


def test_files_that_are_missing(pair: Pair) -> None:
    """The one that is missing is named."""
    with pytest.raises(BadCertificate, match=r"fullchain\.pem: No such file"):
        read_certificate(pair)
    make_pair(pair)
    pair.key.unlink()
    with pytest.raises(BadCertificate, match=r"privkey\.pem: No such file"):
        read_certificate(pair)


@pytest.mark.parametrize("content", [b"", b"no PEM at all", b"\xff\x00" * 40])
def test_files_that_are_something_else(pair: Pair, content: bytes) -> None:
    """A file that is no certificate or no key is named, its content is not shown."""
    make_pair(pair)
    good = pair.certificate.read_bytes()
    for file, what in ((pair.certificate, "certificate"), (pair.key, "key")):
        file.write_bytes(content)
        with pytest.raises(BadCertificate) as caught:
            read_certificate(pair)
        assert str(caught.value) == f"{file} is not a {what} in PEM"
        pair.certificate.write_bytes(good)


def test_half_written_files(pair: Pair) -> None:
    """However much of a file is there, it is a :class:`BadCertificate` or whole."""
    make_pair(pair)
    for file in (pair.certificate, pair.key):
        whole = file.read_bytes()
        for length in range(0, len(whole) - 2, 7):
            file.write_bytes(whole[:length])
            with pytest.raises(BadCertificate):
                read_certificate(pair)
        file.write_bytes(whole)
    read_certificate(pair)


def test_a_key_of_something_else(pair: Pair) -> None:
    """A certificate needs its own key."""
    make_pair(pair)
    pair.key.write_bytes(key_pem(ec.generate_private_key(ec.SECP256R1())))
    with pytest.raises(BadCertificate) as caught:
        read_certificate(pair)
    assert str(caught.value) == f"{pair.key} is not the key of {pair.certificate}"


def test_a_key_with_a_password(pair: Pair) -> None:
    """Nobody is asked for it: a server starts alone."""
    make_pair(pair, password=b"secret")
    with pytest.raises(BadCertificate, match=r"privkey\.pem is protected by a password"):
        read_certificate(pair)


def test_a_key_that_is_too_weak(pair: Pair) -> None:
    """What OpenSSL refuses is reported in its words."""
    make_pair(pair, key=rsa.generate_private_key(65537, 1024))  # noqa: S505 (that is the point)
    with pytest.raises(BadCertificate, match=r"fullchain\.pem: ee key too small"):
        read_certificate(pair)


def test_the_stamp_changes_with_the_files(pair: Pair) -> None:
    """A file that comes, goes, or is written anew changes it; looking does not."""
    stamps = {pair.stamp}
    assert not pair.is_there
    make_pair(pair)
    assert pair.is_there
    stamps |= {pair.stamp, pair.stamp}
    pair.key.write_bytes(pair.key.read_bytes() + b"\n")
    stamps.add(pair.stamp)
    pair.key.chmod(0o400)
    stamps.add(pair.stamp)
    pair.certificate.unlink()
    stamps.add(pair.stamp)
    assert len(stamps) == 5


def test_making_needs_a_folder_that_can_be_written(tmp_path: Path) -> None:
    """A file in the way is an error of the system, and nothing is left behind."""
    (tmp_path / "tls").touch()
    with pytest.raises(OSError, match="is not a directory"):
        make_certificate(find_pair(tmp_path, None, None), "x", time.time())
    assert [each.name for each in tmp_path.iterdir()] == ["tls"]
