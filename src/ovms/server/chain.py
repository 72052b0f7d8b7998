"""The chain of a certificate: who signed it, where it ends, and whether a module trusts that end.

An ESP32 module brings a few roots, and trusts files that are put into its folder. A chain ends for
it at the first root that it knows, whatever follows.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from ovms.server.certificate import BadCertificate

MODULE_ROOTS: Final = (
    "Amazon Root CA 1",
    "Baltimore CyberTrust Root",
    "DigiCert Global Root CA",
    "DigiCert Global Root G2",
    "ISRG Root X1",
    "Starfield Class 2 Certification Authority",
    "USERTrust RSA Certification Authority",
)
"""The roots that an ESP32's firmware brings; of Let's Encrypt only ISRG Root X1. Firmware of before
April 2026 lacks the first."""

ENDED_ROOT: Final = "Baltimore CyberTrust Root"
"""The one of them that ended in May 2025: it proves nothing any more."""

OLD_BUFFER: Final = 4096
"""Bytes of a chain that firmware of an ESP32 took before it took 16 KiB."""

LETS_ENCRYPT: Final = ("Let's Encrypt", "ISRG", "Internet Security Research Group")
"""Organizations in the names of Let's Encrypt's certificates."""


@dataclass(frozen=True, slots=True)
class Chain:
    """A server's certificate and those behind it, up to the anchor."""

    subjects: tuple[str, ...]
    """What the certificates are called, the server's own first."""
    anchor: str
    """The name of the root that it ends at, which the caller must have; or of what is missing."""
    is_self_signed: bool
    """The server's certificate is its own root."""
    is_known: bool
    """Modules bring the anchor, and it has not ended."""
    is_lets_encrypt: bool
    size: int
    """Bytes of all certificates of the file as TLS sends them."""
    ends: datetime
    """When the first of them ends."""
    names: tuple[str, ...]
    """Host names and addresses that the server's certificate covers."""

    def days_left(self, now: float) -> int:
        """Return whole days until the first of the certificates ends; negative behind that."""
        return int((self.ends.timestamp() - now) // 86400)

    def covers(self, host: str) -> bool:
        """Return whether the certificate is for a host name or address."""
        host = host.lower().rstrip(".")
        above = "*." + host.partition(".")[2]
        return host in self.names or above in self.names


def read_chain(file: Path) -> Chain:
    """Read the certificates of a file, PEM.

    Raises :class:`~ovms.server.certificate.BadCertificate` if there are none, or if one is not
    signed by the next.
    """
    certificates = load_certificates(file)
    used = _up_to_anchor(certificates)
    for signed, signer in itertools.pairwise(used):
        if not is_issued_by(signed, signer):
            raise BadCertificate(
                f"{file}: {title(signed.subject)} is not signed by {title(signer.subject)},"
                " which follows it"
            )
    last = used[-1]
    return Chain(
        subjects=tuple(title(each.subject) for each in used),
        anchor=title(last.issuer),
        is_self_signed=len(used) == 1 and last.issuer == last.subject,
        is_known=title(last.issuer) in MODULE_ROOTS and title(last.issuer) != ENDED_ROOT,
        is_lets_encrypt=_organization(used[0].issuer) in LETS_ENCRYPT,
        size=sum(3 + len(each.public_bytes(Encoding.DER)) for each in certificates),
        ends=min(each.not_valid_after_utc for each in used),
        names=tuple(_names(used[0])),
    )


def load_certificates(file: Path) -> list[x509.Certificate]:
    """Read the certificates of a file. Raises :class:`BadCertificate`."""
    try:
        return x509.load_pem_x509_certificates(file.read_bytes())
    except OSError as error:
        raise BadCertificate(f"{file}: {error.strerror}") from None
    except ValueError:
        raise BadCertificate(f"{file} is not a certificate in PEM") from None


def is_issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Return whether another certificate has signed this one."""
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def title(name: x509.Name) -> str:
    """Return what people call the owner of a name: its common name, or its unit, or all of it."""
    for kind in (NameOID.COMMON_NAME, NameOID.ORGANIZATIONAL_UNIT_NAME):
        for attribute in name.get_attributes_for_oid(kind):
            return str(attribute.value)
    return name.rfc4514_string() or "nobody"


def _up_to_anchor(certificates: Sequence[x509.Certificate]) -> list[x509.Certificate]:
    """Return those up to the first that is signed by a root that modules bring, or by itself."""
    used: list[x509.Certificate] = []
    for each in certificates:
        used.append(each)
        if each.issuer == each.subject or title(each.issuer) in MODULE_ROOTS:
            break
    return used


def _organization(name: x509.Name) -> str:
    found = name.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return str(found[0].value) if found else ""


def _names(leaf: x509.Certificate) -> Iterator[str]:
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return
    found = [name.lower() for name in names.get_values_for_type(x509.DNSName)]
    found += [str(address) for address in names.get_values_for_type(x509.IPAddress)]
    yield from dict.fromkeys(found)
