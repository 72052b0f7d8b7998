"""Codes that were sent by mail, and come back from whoever read it: the queries.

Each takes a connection inside a transaction; times are Unix seconds. A code is random and long, so
its plain hash finds it. It holds once, for a while. What is done then stands beside it, encrypted.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import delete, func, insert, or_, select, update

from ovms.server.storage import names
from ovms.server.storage.encryption import decrypt, encrypt
from ovms.server.storage.owners import add_owner
from ovms.server.storage.schema import mail_codes, owners, web_sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from sqlalchemy import Connection

    from ovms.server.storage.encrypted import Place
    from ovms.server.values import Owner

CODE_BYTES: Final = 32
"""Random bytes of a code: nobody guesses one."""

CODES_AN_OWNER: Final = 5
"""Codes of an owner for one purpose; then the oldest holds no more."""

CODES_LIMIT: Final = 10_000
"""Codes in all, some 500 bytes each; while there are so many, no further one is made."""

ACCOUNTS_AN_ADDRESS: Final = 5
"""Owners with the same mail address who are written to when it asks for a new password."""


class MailPurpose(Enum):
    """What a code is for."""

    RESET = "reset"
    REGISTER = "register"
    EMAIL = "email"


CODE_LIVES: Final = {
    MailPurpose.RESET: 3600.0,
    MailPurpose.REGISTER: 86400.0,
    MailPurpose.EMAIL: 86400.0,
}
"""Seconds that a code holds."""


@dataclass(frozen=True, slots=True)
class MailCode:
    """A code that holds; ``owner_id`` is ``None`` while its owner is not there yet."""

    owner_id: int | None
    content: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class MailedOwner:
    """An owner and the address, which may be empty."""

    id: int
    name: str
    email: str


def make_code(random: Callable[[int], bytes]) -> str:
    """Return a code of ``random`` bytes, such as those of ``os.urandom``."""
    return urlsafe_b64encode(random(CODE_BYTES)).rstrip(b"=").decode("ascii")


def put_code(
    connection: Connection,
    purpose: MailPurpose,
    code: str,
    content: Mapping[str, str],
    now: float,
    owner_id: int | None = None,
) -> bool:
    """Store a code; return false if there are too many."""
    m, digest = mail_codes.c, _digest(code)
    if (connection.scalar(select(func.count()).select_from(mail_codes)) or 0) >= CODES_LIMIT:
        return False
    if owner_id is not None:
        theirs = select(m.digest).where(m.owner_id == owner_id, m.purpose == purpose.value)
        older = theirs.order_by(m.created.desc()).offset(CODES_AN_OWNER - 1)
        connection.execute(delete(mail_codes).where(m.digest.in_(connection.scalars(older).all())))
    text = msgspec.json.encode(dict(content)).decode()
    row = {
        "digest": digest,
        "purpose": purpose.value,
        "owner_id": owner_id,
        "content": encrypt(connection, _place(digest), text),
        "created": now,
        "expires": now + CODE_LIVES[purpose],
    }
    connection.execute(insert(mail_codes).values(row))
    return True


def find_code(
    connection: Connection, purpose: MailPurpose, code: str, now: float
) -> MailCode | None:
    """Return a code for a purpose if it holds."""
    m, digest = mail_codes.c, _digest(code)
    query = select(m.owner_id, m.content).where(m.digest == digest, m.purpose == purpose.value)
    row = connection.execute(query.where(m.expires > now)).one_or_none()
    if row is None:
        return None
    text = decrypt(connection, _place(digest), row.content)
    return MailCode(row.owner_id, msgspec.json.decode(text, type=dict[str, str]))


def take_code(
    connection: Connection, purpose: MailPurpose, code: str, now: float
) -> MailCode | None:
    """Return a code as :func:`find_code`; it holds no more then."""
    found = find_code(connection, purpose, code, now)
    if found is not None:
        connection.execute(delete(mail_codes).where(mail_codes.c.digest == _digest(code)))
    return found


def forget_codes(connection: Connection, owner_id: int) -> None:
    """Make all codes of an owner void."""
    connection.execute(delete(mail_codes).where(mail_codes.c.owner_id == owner_id))


def accounts_of(connection: Connection, account: str) -> list[MailedOwner]:
    """Return the owners of that name or mail address.

    Only those who have an address and a password.
    """
    o = owners.c
    query = select(o.id, o.name, o.email).where(o.email != "", o.password_hash.is_not(None))
    # By both: else who has somebody's address for a name would keep that one from a new password.
    is_it = o.name_key == names.owner_key(account)
    if "@" in account:
        is_it = or_(is_it, func.lower(o.email) == func.lower(account))
    rows = connection.execute(query.where(is_it).order_by(o.id).limit(ACCOUNTS_AN_ADDRESS)).all()
    return [MailedOwner(*row) for row in rows]


def reset_password(
    connection: Connection, code: str, password_hash: str, now: float
) -> MailedOwner | None:
    """Set the password for which a code was sent; return whose it is, ``None`` without one.

    The owner's sessions and other codes end, and so do logins by the old password.
    """
    found = take_code(connection, MailPurpose.RESET, code, now)
    owner = None if found is None else owner_of(connection, found.owner_id)
    if found is None or owner is None or owner.email != found.content["email"]:
        return None
    set_password_of(connection, owner.id, password_hash, now)
    connection.execute(update(owners).where(owners.c.id == owner.id).values(email_confirmed=now))
    return owner


def set_password_of(
    connection: Connection, owner_id: int, password_hash: str | None, now: float
) -> None:
    """Change an owner's password; their sessions and what mails have offered end."""
    values = {"password_hash": password_hash, "changed": now}
    connection.execute(update(owners).where(owners.c.id == owner_id).values(values))
    connection.execute(delete(web_sessions).where(web_sessions.c.owner_id == owner_id))
    forget_codes(connection, owner_id)


def register(connection: Connection, code: str, now: float) -> Owner | None:
    """Make the owner for whom a code was sent; ``None`` without one.

    Raises :class:`~ovms.server.storage.errors.AlreadyExists` if somebody has the name by now.
    """
    found = take_code(connection, MailPurpose.REGISTER, code, now)
    if found is None:
        return None
    asked = found.content
    owner = add_owner(
        connection, asked["name"], now, password_hash=asked["hash"], email=asked["email"]
    )
    connection.execute(update(owners).where(owners.c.id == owner.id).values(email_confirmed=now))
    return owner


def change_email(
    connection: Connection, code: str, now: float
) -> tuple[MailedOwner, MailedOwner] | None:
    """Set the address to which a code was sent; ``None`` without one.

    Return the owner with the old address and with the new one.
    """
    found = take_code(connection, MailPurpose.EMAIL, code, now)
    owner = None if found is None else owner_of(connection, found.owner_id)
    if found is None or owner is None or owner.email != found.content["old"]:
        return None
    new = found.content["email"]
    values = {"email": new, "email_confirmed": now, "changed": now}
    connection.execute(update(owners).where(owners.c.id == owner.id).values(values))
    forget_codes(connection, owner.id)
    return owner, replace(owner, email=new)


def owner_of(connection: Connection, owner_id: int | None) -> MailedOwner | None:
    """Return the owner of a number, ``None`` without one."""
    o = owners.c
    row = connection.execute(select(o.id, o.name, o.email).where(o.id == owner_id)).one_or_none()
    return None if row is None else MailedOwner(*row)


def _digest(code: str) -> bytes:
    return hashlib.sha256(code.encode("utf-8", "replace")).digest()


def _place(digest: bytes) -> Place:
    return "mail_codes", "content", digest.hex()
