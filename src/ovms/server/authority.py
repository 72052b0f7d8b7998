"""A certificate authority (CA) of one's own, and certificates that it signs for this server.

Modules and phones are given the CA's certificate once. A new certificate of the server, signed by
the same CA, needs nothing of them.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from ovms.base.paths import make_private_dir, write_whole
from ovms.server.certificate import (
    CLOCK_SKEW,
    HOST_NAME,
    VALID_DAYS,
    BadCertificate,
    Pair,
    key_usage,
)
from ovms.server.chain import is_issued_by, load_certificates

SIGNED_DAYS: Final = 820
"""Days that a certificate of the server is good for: Apple's devices take none of more than 825."""

LOCAL_NAMES: Final = ("localhost", "127.0.0.1", "::1")
"""What every certificate covers too, for programs on the server's own machine."""

CA_NAME: Final = "ovms CA"

Key = ec.EllipticCurvePrivateKey


class BadName(ValueError):
    """A text is no host name and no address."""


@dataclass(frozen=True, slots=True)
class Authority:
    """The files of a CA: its certificate, and its key, which stays on the server."""

    certificate: Path
    key: Path

    @classmethod
    def of(cls, data: Path) -> Authority:
        """Return the files in a data folder."""
        return cls(data / "tls" / "ca.pem", data / "tls" / "ca-key.pem")

    @property
    def is_there(self) -> bool:
        """Return whether one of the files exists."""
        return self.certificate.exists() or self.key.exists()

    def has_signed(self, pair: Pair) -> bool:
        """Return whether it has signed a server's certificate."""
        try:
            ca = load_certificates(self.certificate)[0]
            return is_issued_by(load_certificates(pair.certificate)[0], ca)
        except BadCertificate:
            return False

    def make(self, name: str, now: float) -> None:
        """Make the CA. ``now`` in Unix seconds. Raises ``OSError``."""
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{CA_NAME} {name}"[:64])])
        began = datetime.fromtimestamp(now, UTC)
        builder = _builder(subject, subject, key.public_key(), began, VALID_DAYS)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), True)
        usage = key_usage("key_cert_sign", "crl_sign")
        certificate = builder.add_extension(usage, True).sign(key, hashes.SHA256())
        make_private_dir(self.certificate.parent)
        write_whole(self.key, _key_pem(key))
        write_whole(self.certificate, _pem(certificate), mode=0o644)

    def sign(self, pair: Pair, names: Sequence[str], now: float) -> None:
        """Make a server's certificate and its key. ``now`` in Unix seconds.

        Raises :class:`~ovms.server.certificate.BadCertificate` if the CA's files cannot be used,
        and ``OSError``.
        """
        ca, ca_key = load_certificates(self.certificate)[0], self._read_key()
        if ca_key.public_key() != ca.public_key():
            raise BadCertificate(f"{self.key} is not the key of {self.certificate}")
        began = datetime.fromtimestamp(now, UTC)
        left = (ca.not_valid_after_utc - began).days
        if left < 1:
            raise BadCertificate(f"the CA {self.certificate} ends on {ca.not_valid_after_utc:%F}")
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0][:64])])
        builder = _builder(ca.subject, subject, key.public_key(), began, min(left, SIGNED_DAYS))
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(ca_key.public_key())
        for extension, is_critical in (
            (subject_names([*names, *LOCAL_NAMES]), False),
            (x509.BasicConstraints(ca=False, path_length=None), True),
            (key_usage("digital_signature"), True),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False),
            (authority, False),
        ):
            builder = builder.add_extension(extension, is_critical)
        certificate = builder.sign(ca_key, hashes.SHA256())
        make_private_dir(pair.certificate.parent)
        # Between the two writes they do not fit, and a running server serves on with the old ones.
        write_whole(pair.key, _key_pem(key))
        write_whole(pair.certificate, _pem(certificate), mode=0o644)

    def _read_key(self) -> Key:
        try:
            key = serialization.load_pem_private_key(self.key.read_bytes(), None)
        except OSError as error:
            raise BadCertificate(f"{self.key}: {error.strerror}") from None
        except (ValueError, TypeError):
            raise BadCertificate(f"{self.key} is not a key in PEM") from None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise BadCertificate(f"{self.key} is not a key of an elliptic curve")
        return key


def checked_name(text: str) -> str:
    """Return a host name in lower case, or an address, as a certificate holds it.

    Letters that DNS does not have are written as it does (``xn--``). A name may begin with ``*.``.
    Raises :class:`BadName`.
    """
    bare = text.strip().rstrip(".").removeprefix("[").removesuffix("]")
    with suppress(ValueError):
        return str(ipaddress.ip_address(bare))
    try:
        name = bare.lower() if bare.isascii() else bare.encode("idna").decode()
    except UnicodeError:
        raise BadName(f"{text!r} is no host name") from None
    if not HOST_NAME.fullmatch(name.removeprefix("*.")) or _is_like_address(name):
        raise BadName(f"{text!r} is no host name and no address")
    return name


def public_name(names: Iterable[str]) -> str | None:
    """Return where the server is for others, by a certificate's names; host names before addresses.

    Return ``None`` if there are only those of its own machine, and those that begin with ``*.``.
    """
    own = [name for name in names if name not in LOCAL_NAMES and "*" not in name]
    return next(iter(sorted(own, key=_is_address)), None)


def subject_names(names: Sequence[str]) -> x509.SubjectAlternativeName:
    """Return the extension with names and addresses.

    An address is in it as a name, too: an ESP32 compares it with names only.
    """
    found: dict[x509.GeneralName, None] = {}
    for name in names:
        with suppress(ValueError):
            found[x509.IPAddress(ipaddress.ip_address(name))] = None
        if ":" not in name:
            found[x509.DNSName(name)] = None
    return x509.SubjectAlternativeName(found)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _is_like_address(name: str) -> bool:
    """Return whether a name ends in a number, which only an address does."""
    return name.rpartition(".")[2].isdigit()


def _builder(
    issuer: x509.Name,
    subject: x509.Name,
    public: ec.EllipticCurvePublicKey,
    now: datetime,
    days: int,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCK_SKEW)
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
    )


def _key_pem(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)
