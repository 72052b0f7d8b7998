"""A certificate and its key: read and checked as a pair, or made on the first start.

No message contains anything of a key. A :class:`BadCertificate` names the file.
"""

from __future__ import annotations

import ipaddress
import re
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ovms.base.paths import make_private_dir, write_whole

VALID_DAYS: Final = 3649
"""Ten years less a day: long, because people tell each client to trust it, and it ends before 2038,
the last year of small clocks."""

OWN_NAME: Final = "ovms"
"""What a certificate is called that the server makes for itself."""

CLOCK_SKEW: Final = timedelta(days=1)
"""How far a client's clock may be behind the one of this machine."""

HOST_NAME: Final = re.compile(r"(?!.*\.\.)[a-z0-9]([a-z0-9.-]{0,250}[a-z0-9])?", re.IGNORECASE)


class BadCertificate(Exception):
    """A certificate or key that cannot be used; the text names the file and says why."""


@dataclass(frozen=True, slots=True)
class Pair:
    """The files of a certificate (followed by those that sign it) and its key, both PEM."""

    certificate: Path
    key: Path

    @property
    def stamp(self) -> tuple[tuple[int, ...] | None, ...]:
        """Return what changes when one of the files does; ``None`` for a missing file."""
        return tuple(_stamp(file) for file in (self.certificate, self.key))

    @property
    def is_there(self) -> bool:
        """Return whether one of the files exists."""
        return any(self.stamp)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate with its key, ready to serve."""

    pair: Pair
    context: ssl.SSLContext
    """A server's context with this certificate."""
    names: frozenset[str]
    """The host names that it covers, in lower case; ``*.…`` covers one label."""
    begins: datetime
    ends: datetime

    def problem(self, now: float) -> str | None:
        """Return what is wrong with its dates at ``now`` (Unix seconds), ``None`` if nothing."""
        if self.ends.timestamp() <= now:
            return f"certificate {self.pair.certificate} expired on {self.ends:%Y-%m-%d}"
        if self.begins.timestamp() > now:
            return f"certificate {self.pair.certificate} is valid only from {self.begins:%Y-%m-%d}"
        return None


def server_context() -> ssl.SSLContext:
    """Return a server's TLS context: 1.2 (for modules) and 1.3, without client certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


def read_certificate(pair: Pair) -> Certificate:
    """Read a certificate and its key. Dates are not checked. Raises :class:`BadCertificate`."""
    leaf = _read_leaf(pair.certificate)
    if _read_key(pair.key) != _public_bytes(leaf, pair.certificate):
        raise BadCertificate(f"{pair.key} is not the key of {pair.certificate}")
    context = server_context()
    try:
        context.load_cert_chain(pair.certificate, pair.key)
    except OSError as error:  # among them ssl.SSLError: a key too small, say
        reason = getattr(error, "reason", None) or error.strerror or "cannot be used"
        raise BadCertificate(f"{pair.certificate}: {_words(reason)}") from None
    return Certificate(
        pair, context, _names(leaf), leaf.not_valid_before_utc, leaf.not_valid_after_utc
    )


def find_pair(data: Path, certificate: Path | None, key: Path | None) -> Pair:
    """Return the files that are configured, or else those in the data folder."""
    if certificate is not None and key is not None:
        return Pair(data / certificate, data / key)
    return Pair(data / "tls" / "cert.pem", data / "tls" / "key.pem")


def make_certificate(pair: Pair, host_name: str, now: float) -> None:
    """Make a self-signed certificate for this machine; only the owner can read the key.

    ``now`` in Unix seconds. Raises :class:`OSError`.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    certificate = _sign(key, host_name, datetime.fromtimestamp(now, UTC))
    make_private_dir(pair.certificate.parent)
    # The certificate is last: if it is missing, the next start makes both again.
    write_whole(pair.key, pem)
    write_whole(pair.certificate, certificate.public_bytes(serialization.Encoding.PEM), mode=0o644)


def is_made_by_server(pair: Pair) -> bool:
    """Return whether a certificate is one that the server has made for itself."""
    try:
        leaf = _read_leaf(pair.certificate)
    except BadCertificate:
        return False
    named = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return leaf.issuer == leaf.subject and [each.value for each in named] == [OWN_NAME]


def _sign(key: ec.EllipticCurvePrivateKey, host_name: str, now: datetime) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, OWN_NAME)])
    hosts = ["localhost", *([host_name.lower()] if HOST_NAME.fullmatch(host_name) else [])]
    public = key.public_key()
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.SubjectAlternativeName(
            [*(x509.DNSName(host) for host in dict.fromkeys(hosts)),
             *(x509.IPAddress(ipaddress.ip_address(each)) for each in ("127.0.0.1", "::1"))]
        ), False),
        (x509.BasicConstraints(ca=False, path_length=None), True),
        (key_usage("digital_signature"), True),
        (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
        (x509.SubjectKeyIdentifier.from_public_key(public), False),
        (x509.AuthorityKeyIdentifier.from_issuer_public_key(public), False),
    ]  # fmt: skip
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + timedelta(days=VALID_DAYS))
    )
    for extension, is_critical in extensions:
        builder = builder.add_extension(extension, is_critical)
    return builder.sign(key, hashes.SHA256())


def key_usage(*allowed: str) -> x509.KeyUsage:
    """Return what a key may be used for: the named of :class:`~cryptography.x509.KeyUsage`."""
    kinds = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
             "key_agreement", "key_cert_sign", "crl_sign", "encipher_only",
             "decipher_only")  # fmt: skip
    return x509.KeyUsage(**{kind: kind in allowed for kind in kinds})


def _read_leaf(file: Path) -> x509.Certificate:
    """Return the first certificate of a file, which is the server's own."""
    try:
        return x509.load_pem_x509_certificates(_read(file))[0]
    except ValueError:
        raise BadCertificate(f"{file} is not a certificate in PEM") from None


def _read_key(file: Path) -> bytes:
    """Return the public part of a key, which is also in its certificate."""
    try:
        key = serialization.load_pem_private_key(_read(file), None)
    except TypeError:
        raise BadCertificate(f"{file} is protected by a password") from None
    except (ValueError, UnsupportedAlgorithm):
        raise BadCertificate(f"{file} is not a key in PEM") from None
    return key.public_key().public_bytes(*_PUBLIC)


_PUBLIC = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def _public_bytes(leaf: x509.Certificate, file: Path) -> bytes:
    try:
        return leaf.public_key().public_bytes(*_PUBLIC)
    except (ValueError, UnsupportedAlgorithm):
        raise BadCertificate(f"{file} has a key of an unknown kind") from None


def _names(leaf: x509.Certificate) -> frozenset[str]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return frozenset()
    return frozenset(name.lower() for name in names.get_values_for_type(x509.DNSName))


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise BadCertificate(f"{file}: {error.strerror}") from None


def _stamp(file: Path) -> tuple[int, ...] | None:
    try:
        found = file.stat()  # of what a link leads to: certbot moves links
    except OSError:
        return None
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _words(reason: str) -> str:
    """Return OpenSSL's name of an error as words."""
    return reason.replace("_", " ").lower()
