"""Between servers: ``R``, records that they share, and ``r``, messages of cars and apps.

A mail address may contain commas. It is between fields that cannot, so records are read from both
ends. Servers of the field cannot read a secret with a comma: no record is sent of such a vehicle.
Password hashes have ``;`` on the wire where argon2 writes commas.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

from ovms.protocol.messages import Message
from ovms.protocol.times import parse_wire_time, wire_change

ACTIVE = 1
"""The status of an owner who may log in."""


@dataclass(frozen=True, slots=True)
class VehicleRecord:
    """``RV``: a vehicle, ``<id>,<owner>,<secret>,<server>,<deleted>,<changed>``.

    ``owner`` is the number that the sending server has for the owner. ``server`` is the id of the
    server that serves the vehicle, or ``*``. ``changed`` is in Unix seconds.
    """

    vehicle_id: str
    owner: int
    secret: str = field(repr=False)
    server: str
    deleted: bool
    changed: int

    @property
    def fits(self) -> bool:
        """Whether the record can carry the secret to any server: not one with a comma, nor none."""
        return "," not in self.secret and (self.deleted or self.secret != "")

    @property
    def message(self) -> Message:
        """The ``R`` that carries it."""
        known = f"V{self.vehicle_id},{self.owner},{self.secret},{self.server}"
        return _message(f"{known},{int(self.deleted)},{wire_change(self.changed)}")

    @classmethod
    def parse(cls, data: bytes) -> Self | None:
        """Read the data of an ``R``; ``None`` if it is no vehicle's, or malformed."""
        kind, fields, end = _fields(data, 4)
        match fields:
            case [vehicle_id, owner, *middle, server] if kind == "V" and middle:
                if end and vehicle_id and server and owner.isdecimal() and len(owner) < 16:
                    return cls(vehicle_id, int(owner), ",".join(middle), server, *end)
        return None


@dataclass(frozen=True, slots=True)
class OwnerRecord:
    """``RO``: an owner, ``<number>,<name>,<mail>,<hash>,<status>,<deleted>,<changed>``.

    ``status`` is 1 for an owner who may log in. ``changed`` is in Unix seconds.
    """

    owner: int
    name: str
    mail: str
    password_hash: str = field(repr=False)
    status: int
    deleted: bool
    changed: int

    @property
    def message(self) -> Message:
        """The ``R`` that carries it."""
        known = f"O{self.owner},{self.name},{self.mail},{self.password_hash.replace(',', ';')}"
        return _message(f"{known},{self.status},{int(self.deleted)},{wire_change(self.changed)}")

    @classmethod
    def parse(cls, data: bytes) -> Self | None:
        """Read the data of an ``R``; ``None`` if it is no owner's, or malformed."""
        kind, fields, end = _fields(data, 5)
        match fields:
            case [owner, name, *mail, password_hash, status] if kind == "O" and mail:
                are_numbers = owner.isdecimal() and status.isdecimal() and len(owner + status) < 16
                if end and name and are_numbers:
                    known = (password_hash.replace(";", ","), int(status))
                    return cls(int(owner), name, ",".join(mail), *known, *end)
        return None


@dataclass(frozen=True, slots=True)
class Replicated:
    """``r``: a message of a particular car, ``<vehicle id>,<code>,<data>``."""

    vehicle_id: str
    inner: Message

    @property
    def message(self) -> Message:
        """The ``r`` that carries it."""
        head = f"{self.vehicle_id},".encode("utf-8", "surrogateescape")
        return Message("r", head + self.inner.code.encode("latin-1") + b"," + self.inner.data)

    @classmethod
    def parse(cls, data: bytes) -> Self | None:
        """Read the data of an ``r``; ``None`` if it is malformed."""
        vehicle_id, _, rest = data.partition(b",")
        code, comma, content = rest[:1], rest[1:2], rest[2:]
        if not vehicle_id or not code or comma not in (b",", b""):
            return None
        inner = Message(code.decode("latin-1"), content)
        return cls(vehicle_id.decode("utf-8", "surrogateescape"), inner)


def _message(text: str) -> Message:
    return Message("R", text.encode("utf-8", "surrogateescape"))


def _fields(data: bytes, least: int) -> tuple[str, list[str], tuple[bool, int] | None]:
    """Return a record's letter, the fields before the last two, and what those two say."""
    text = data.decode("utf-8", "surrogateescape")
    *fields, deleted, changed = ["", "", *text[1:].split(",")]
    time = parse_wire_time(changed)
    is_whole = len(fields) - 2 >= least and deleted in ("0", "1") and time is not None
    end = (deleted == "1", time) if is_whole and time is not None else None
    return text[:1], fields[2:], end
