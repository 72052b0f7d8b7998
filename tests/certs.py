"""Certificates for tests, signed by themselves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from ovms.server.certificate import Pair

DAY = timedelta(days=1)
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


def pair_in(folder: Path) -> Pair:
    """Name a pair as certbot does."""
    return Pair(folder / "fullchain.pem", folder / "privkey.pem")


def make_pair(
    pair: Pair,
    *names: str,
    ends: datetime | None = None,
    begins: datetime | None = None,
    key: Key | None = None,
    password: bytes | None = None,
) -> Pair:
    """Write a certificate for host names, localhost unless told, and its key."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "a test")])
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins or now - DAY)
        .not_valid_after(ends or now + 90 * DAY)
    )
    hosts = [x509.DNSName(name) for name in names or ("localhost",)]
    builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
    certificate = builder.sign(key, hashes.SHA256())
    pair.certificate.parent.mkdir(parents=True, exist_ok=True)
    pair.certificate.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    pair.key.write_bytes(key_pem(key, password))
    return pair


def key_pem(key: Key, password: bytes | None = None) -> bytes:
    """Write a key as PEM, sealed if there is a password."""
    seal: serialization.KeySerializationEncryption = serialization.NoEncryption()
    if password is not None:
        seal = serialization.BestAvailableEncryption(password)
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, seal)


def serial(der: bytes | None) -> int:
    """Return the number of a certificate as it comes from a peer."""
    assert der is not None
    return x509.load_der_x509_certificate(der).serial_number


def serial_in(file: Path) -> int:
    """Return the number of the certificate in a file."""
    return x509.load_pem_x509_certificate(file.read_bytes()).serial_number
