"""The lines before the cipher: ``MP-…`` welcomes and ``AP-…`` provisioning, for both ends.

Lines are parsed and written without their ends. Tokens and digests are Latin-1 text, so that any
byte survives. Ids and names are UTF-8.

A welcome may have more words behind the vehicle id, which are kept in ``words``. An app sends its
car picture, which means nothing; another server sends the times of the newest records that it has.

Under scheme 0x31 an owner logs in by name. Nothing is ciphered; TLS protects the connection.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from ovms.protocol.crypto import (
    decode_base64,
    digest_proves,
    encode_base64,
    hmac_md5,
    make_digest,
    stream,
)
from ovms.protocol.errors import AuthenticationFailed, NotAWelcome
from ovms.protocol.spelling import vehicle_key

SCHEME_RC4 = "0"
"""Protection scheme 0x30: shared secret, HMAC-MD5, RC4."""

SCHEME_OWNER = "1"
"""Protection scheme 0x31: an owner's name and password, no cipher."""

FIRST_VEHICLE = "*"
"""In the place of a vehicle id in an owner's welcome: the owner's first vehicle by id."""

UNREADABLE = "\ufffd"
"""Stands in an id or a name for bytes that are not UTF-8; nothing is known by such a key."""


class Role(Enum):
    """Who is calling: the letter behind ``MP-`` in its welcome."""

    CAR = "C"
    APP = "A"
    BATCH = "B"
    SERVER = "S"


@dataclass(frozen=True, slots=True)
class CallerWelcome:
    """``MP-<role> 0 <token> <digest> <vehicle id> [words…]``: the first line of a caller."""

    role: Role
    token: str
    digest: str
    vehicle_id: str
    words: tuple[str, ...] = ()

    @property
    def vehicle_key(self) -> str:
        """The vehicle id as it is compared."""
        return vehicle_key(self.vehicle_id)

    def without_proof(self, *, is_known: bool = False) -> CallerWelcome:
        """Return what it says beside the proof; only the role if its vehicle is known otherwise.

        The latter is one object for all of a role.
        """
        if is_known:
            return _WITHOUT_VEHICLE[self.role]
        return CallerWelcome(self.role, "", "", self.vehicle_id)

    def encode(self) -> bytes:
        """Return the line, without its end."""
        head = f"MP-{self.role.value} {SCHEME_RC4} {self.token} {self.digest} ".encode("latin-1")
        return head + " ".join((self.vehicle_id, *self.words)).encode()


_WITHOUT_VEHICLE: Final = {role: CallerWelcome(role, "", "", "") for role in Role}


@dataclass(frozen=True, slots=True)
class ServerWelcome:
    """``MP-S 0 <token> <digest>``: the server's answer to a caller whose proof is right."""

    token: str
    digest: str

    def encode(self) -> bytes:
        """Return the line, without its end."""
        return f"MP-S {SCHEME_RC4} {self.token} {self.digest}".encode("latin-1")


@dataclass(frozen=True, slots=True)
class OwnerWelcome:
    """``MP-<role> 1 <user> <password> <vehicle id>``: an owner's app calls under scheme 0x31.

    ``password`` is the owner's, or an API token. Neither it nor ``user`` contains a blank. The
    vehicle id may be :data:`FIRST_VEHICLE`. The role is an app or a batch client.
    """

    role: Role
    user: str
    password: str = field(repr=False)
    vehicle_id: str

    @property
    def vehicle_key(self) -> str:
        """The vehicle id as it is compared."""
        return vehicle_key(self.vehicle_id)

    def without_proof(self, *, is_known: bool = False) -> OwnerWelcome:
        """Return what it says beside the proof."""
        return OwnerWelcome(self.role, self.user, "", self.vehicle_id)

    def encode(self) -> bytes:
        """Return the line, without its end."""
        words = (self.user, self.password, self.vehicle_id)
        return f"MP-{self.role.value} {SCHEME_OWNER} {' '.join(words)}".encode()


@dataclass(frozen=True, slots=True)
class OwnerServerWelcome:
    """``MP-S 1 <user> <vehicle id> <ids…>``: the answer to an owner whose login is right.

    ``vehicle_id`` is the vehicle of this connection; ``vehicle_ids`` are all of the owner's.
    """

    user: str
    vehicle_id: str
    vehicle_ids: tuple[str, ...]

    def encode(self) -> bytes:
        """Return the line, without its end."""
        words = (self.user, self.vehicle_id, *self.vehicle_ids)
        return f"MP-S {SCHEME_OWNER} {' '.join(words)}".encode()


@dataclass(frozen=True, slots=True)
class ProvisionRequest:
    """``AP-C 0 <key>``: a car asks for its parameters; the key is usually its VIN."""

    key: str

    def encode(self) -> bytes:
        """Return the line, without its end."""
        return f"AP-C {SCHEME_RC4} {self.key}".encode()


@dataclass(frozen=True, slots=True)
class ProvisionRecord:
    """``AP-S 0 <token> <digest> <record>``: a car's parameters, sealed with its second secret.

    The digest is sent without padding: the operators' ``ap_check`` compares it so.
    """

    token: str
    digest: str
    record: str

    def encode(self) -> bytes:
        """Return the line, without its end."""
        digest = self.digest.rstrip("=")
        return f"AP-S {SCHEME_RC4} {self.token} {digest} {self.record}".encode("latin-1")

    @classmethod
    def seal(cls, secret: str, token: str, parameters: str) -> ProvisionRecord:
        """Return ``parameters``, separated by blanks, sealed with ``secret``, usually the ICCID."""
        sealed = stream(hmac_md5(secret.encode(), token.encode("latin-1"))).update(
            parameters.encode()
        )
        return cls(token, make_digest(secret.encode(), token), encode_base64(sealed).decode())

    def open(self, secret: str) -> str:
        """Return the parameters.

        Raises :class:`AuthenticationFailed` if the server does not know ``secret``, or if the
        record is damaged.
        """
        if not digest_proves(secret.encode(), self.token, self.digest):
            raise AuthenticationFailed("the provisioning record is not sealed with our secret")
        key = hmac_md5(secret.encode(), self.token.encode("latin-1"))
        try:
            return stream(key).update(decode_base64(self.record.encode("latin-1"))).decode()
        except ValueError as error:
            raise AuthenticationFailed("the provisioning record is damaged") from error


@dataclass(frozen=True, slots=True)
class ProvisionRefused:
    """``AP-X``: the server has no record for the key, or has sent it once already."""

    def encode(self) -> bytes:
        """Return the line, without its end."""
        return b"AP-X"


def parse_caller_line(line: bytes) -> CallerWelcome | OwnerWelcome | ProvisionRequest:
    """Read a line that a caller may send before the cipher.

    Raises :class:`NotAWelcome` for any other line, and for a protection scheme that the role cannot
    use: cars and servers do not log in as an owner.
    """
    words = line.split()
    match words:
        case [b"AP-C", b"0", key, *_]:
            return ProvisionRequest(_text(key))
        case [kind, b"0", token, digest, vehicle_id, *rest] if kind in _ROLES:
            return CallerWelcome(
                _ROLES[kind],
                token.decode("latin-1"),
                digest.decode("latin-1"),
                _text(vehicle_id),
                tuple(map(_text, rest)),
            )
        case [kind, b"1", user, password, vehicle_id, *_] if kind in _OWNER_ROLES:
            return OwnerWelcome(_OWNER_ROLES[kind], *map(_text, (user, password, vehicle_id)))
        case [kind, scheme, *_] if kind in _ROLES and scheme != b"0":
            raise NotAWelcome(f"protection scheme {_text(scheme)[:8]!r} is not supported")
        case [b"PROXY", *_]:
            raise NotAWelcome("a proxy's header from an address that is not taken for a proxy's")
    raise NotAWelcome("the first line is no welcome")


def parse_server_line(
    line: bytes,
) -> ServerWelcome | OwnerServerWelcome | ProvisionRecord | ProvisionRefused:
    """Read a line that a server may send before the cipher.

    Raises :class:`NotAWelcome` for any other line.
    """
    match line.split():
        case [b"MP-S", b"1", user, vehicle_id, *ids]:
            return OwnerServerWelcome(_text(user), _text(vehicle_id), tuple(map(_text, ids)))
    match [word.decode("latin-1") for word in line.split()]:
        case ["MP-S", "0", token, digest, *_]:
            return ServerWelcome(token, digest)
        case ["AP-S", "0", token, digest, record, *_]:
            return ProvisionRecord(token, digest, record)
        case ["AP-X", *_]:
            return ProvisionRefused()
    raise NotAWelcome("the server's first line is no welcome")


def is_provisioning(line: bytes) -> bool:
    """Return whether a line belongs to auto-provisioning, which is always plain.

    No ciphered line looks like one: base64 has no minus sign.
    """
    return line.startswith(b"AP-")


def _text(word: bytes) -> str:
    """Return a word as text, with :data:`UNREADABLE` for what is not UTF-8."""
    return word.decode("utf-8", "replace")


_ROLES = {b"MP-" + role.value.encode(): role for role in Role}
_OWNER_ROLES = {kind: role for kind, role in _ROLES.items() if role in (Role.APP, Role.BATCH)}
