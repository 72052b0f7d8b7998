from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from ovms.server.certificate import BadCertificate
from ovms.server.chain import MODULE_ROOTS, is_issued_by, load_certificates, read_chain, title
from tests.certs import DAY, make_pair, pair_in

if TYPE_CHECKING:
    from pathlib import Path

NOW = datetime(2026, 11, 26, tzinfo=UTC)


class Signer:
    """A certificate that signs others, or is signed."""

    def __init__(
        self, name: str, by: Signer | None = None, days: int = 100, organization: str = ""
    ) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        attributes = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
        if organization:
            attributes.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization))
        self.name = x509.Name(attributes)
        signer = by or self
        builder = (
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(signer.name)
            .public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(NOW - DAY)
            .not_valid_after(NOW + days * DAY)
        )
        hosts = x509.SubjectAlternativeName([x509.DNSName(name.replace(" ", "-"))])
        self.certificate = builder.add_extension(hosts, False).sign(signer.key, hashes.SHA256())

    @property
    def pem(self) -> bytes:
        """The certificate, PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def write(folder: Path, *signers: Signer) -> Path:
    """Write certificates into one file."""
    file = folder / "fullchain.pem"
    file.write_bytes(b"".join(signer.pem for signer in signers))
    return file


def test_todays_chain_of_lets_encrypt(tmp_path: Path) -> None:
    """Its new roots are signed by the one that modules bring, and the chain goes on to that."""
    x1 = Signer("ISRG Root X1")
    x2 = Signer("ISRG Root X2", x1, organization="ISRG")
    root = Signer("Root YE", x2, organization="ISRG")
    middle = Signer("YE1", root, organization="Let's Encrypt")
    leaf = Signer("cars.example.com", middle, days=60)
    chain = read_chain(write(tmp_path, leaf, middle, root, x2))
    assert chain.subjects == ("cars.example.com", "YE1", "Root YE", "ISRG Root X2")
    assert (chain.anchor, chain.is_known, chain.is_lets_encrypt) == ("ISRG Root X1", True, True)
    assert chain.days_left(NOW.timestamp()) == 60
    assert chain.size == sum(
        3 + len(each.certificate.public_bytes(serialization.Encoding.DER))
        for each in (leaf, middle, root, x2)
    )
    short = read_chain(write(tmp_path, leaf, middle, root))
    assert (short.anchor, short.is_known, short.is_lets_encrypt) == ("ISRG Root X2", False, True)


def test_a_chain_ends_at_the_first_root_that_modules_bring(tmp_path: Path) -> None:
    """What stands behind it is not looked at by a module: it may be expired, or of another CA."""
    x1 = Signer("ISRG Root X1")
    middle = Signer("R3", x1)
    leaf = Signer("a", middle)
    old = Signer("ISRG Root X1", Signer("DST Root CA X3"), days=-0)
    chain = read_chain(write(tmp_path, leaf, middle, old))
    assert (chain.subjects, chain.anchor, chain.is_known) == (("a", "R3"), "ISRG Root X1", True)


def test_a_root_in_the_file_is_the_anchor(tmp_path: Path) -> None:
    """Some files hold the root too."""
    root = Signer("a root of somebody")
    chain = read_chain(write(tmp_path, Signer("a", root), root))
    assert (chain.anchor, chain.is_known, chain.is_self_signed) == (title(root.name), False, False)
    known = Signer("DigiCert Global Root G2")
    assert read_chain(write(tmp_path, Signer("a", known), known)).is_known
    ended = Signer("Baltimore CyberTrust Root")
    assert not read_chain(write(tmp_path, Signer("a", ended), ended)).is_known


def test_the_first_that_ends_counts(tmp_path: Path) -> None:
    """A certificate is worth nothing once the one that signed it has ended."""
    middle = Signer("middle", Signer("root"), days=5)
    assert read_chain(write(tmp_path, Signer("a", middle, 90), middle)).days_left(
        NOW.timestamp()
    ) == 5  # fmt: skip


def test_a_chain_in_the_wrong_order(tmp_path: Path) -> None:
    """A certificate that was not signed by the next is named, also if only the names fit."""
    root, other = Signer("root"), Signer("other")
    middle = Signer("middle", root)
    leaf = Signer("a", middle)
    with pytest.raises(BadCertificate, match="a is not signed by other, which follows it"):
        read_chain(write(tmp_path, leaf, other))
    with pytest.raises(BadCertificate, match="a is not signed by middle"):
        read_chain(write(tmp_path, leaf, Signer("middle", root)))
    assert is_issued_by(leaf.certificate, middle.certificate)
    assert not is_issued_by(leaf.certificate, root.certificate)


def test_self_signed(tmp_path: Path) -> None:
    """It is its own anchor, and no module brings it."""
    chain = read_chain(make_pair(pair_in(tmp_path), "x.example.org", "*.y.org").certificate)
    assert (chain.anchor, chain.is_self_signed, chain.is_known) == ("a test", True, False)
    assert chain.names == ("x.example.org", "*.y.org")
    for host, expected in (
        ("X.example.org", True), ("x.example.org.", True), ("a.y.org", True), ("y.org", False),
        ("a.b.y.org", False),
    ):  # fmt: skip
        assert chain.covers(host) is expected


def test_a_file_that_is_none(tmp_path: Path) -> None:
    """It is named."""
    with pytest.raises(BadCertificate, match="No such file"):
        load_certificates(tmp_path / "x.pem")
    (tmp_path / "x.pem").write_text("x")
    with pytest.raises(BadCertificate, match=r"x\.pem is not a certificate in PEM"):
        load_certificates(tmp_path / "x.pem")


def test_names_without_a_common_name() -> None:
    """A root of before has a unit only."""
    unit = x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "Starfield Class 2 Certification "
                              "Authority")  # fmt: skip
    assert title(x509.Name([unit])) in MODULE_ROOTS
    assert title(x509.Name([x509.NameAttribute(NameOID.COUNTRY_NAME, "US")])) == "C=US"
    assert title(x509.Name([])) == "nobody"
    assert len(MODULE_ROOTS) == 7
