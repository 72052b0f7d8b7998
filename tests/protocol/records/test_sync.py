from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.protocol import Message
from ovms.protocol.records.sync import OwnerRecord, Replicated, VehicleRecord

VEHICLE = VehicleRecord("CAR1", 7, "sec,ret", "*", False, 1361181600)
OWNER = OwnerRecord(7, "me", "me@x.org", "$argon2id$v=19$m=19456,t=2,p=1$a$b", 1, True, 0)
GUARDED = "$argon2id$v=19$m=19456;t=2;p=1$a$b"

words = st.text(st.characters(exclude_characters=",;\r\n", exclude_categories=["Cs"]), min_size=1)
texts = st.text(st.characters(exclude_categories=["Cs"]))
numbers = st.integers(0, 10**9)


def test_records_stand_as_the_guide_says() -> None:
    """The kind stands in front, the fields in the guide's order, the time as a date-time."""
    assert VEHICLE.message == Message("R", b"VCAR1,7,sec,ret,*,0,2013-02-18 10:00:00")
    known = f"O7,me,me@x.org,{GUARDED},1,1,0000-00-00 00:00:00"
    assert OWNER.message == Message("R", known.encode())
    replicated = Replicated("CAR1", Message("S", b"80,K"))
    assert replicated.message == Message("r", b"CAR1,S,80,K")


@given(words, numbers, texts, words, st.booleans(), numbers)
def test_a_vehicle_comes_back(
    vehicle_id: str, owner: int, secret: str, server: str, deleted: bool, changed: int
) -> None:
    """A vehicle is read back the same, whatever its secret holds."""
    made = VehicleRecord(vehicle_id, owner, secret, server, deleted, changed)
    assert VehicleRecord.parse(made.message.data) == made
    assert OwnerRecord.parse(made.message.data) is None


@given(numbers, words, texts, words, st.integers(0, 9), st.booleans(), numbers)
def test_an_owner_comes_back(
    owner: int, name: str, mail: str, password: str, status: int, deleted: bool, changed: int
) -> None:
    """An owner is read back the same, whatever the mail address holds."""
    made = OwnerRecord(owner, name, mail, password, status, deleted, changed)
    assert OwnerRecord.parse(made.message.data) == made
    assert VehicleRecord.parse(made.message.data) is None


def test_a_hash_comes_back_with_its_commas() -> None:
    """An argon2 hash is whole again; an owner without a password has an empty one."""
    assert OwnerRecord.parse(OWNER.message.data) == OWNER
    none = OwnerRecord(7, "me", "", "", 1, False, 5)
    assert OwnerRecord.parse(none.message.data) == none


@given(words, st.characters(max_codepoint=255), st.binary())
def test_a_replicated_message_comes_back(vehicle_id: str, code: str, data: bytes) -> None:
    """A message in a message is read back the same, commas and all bytes included."""
    made = Replicated(vehicle_id, Message(code, data))
    assert Replicated.parse(made.message.data) == made


@pytest.mark.parametrize(
    "data",
    [b"", b"V", b"O", b"X1,2,3,4,5,6", b"VCAR1,7,s,*,0", b"VCAR1,7,s,*,2,2013-02-18 10:00:00",
     b"VCAR1,x,s,*,0,2013-02-18 10:00:00", b"VCAR1,7,s,*,0,yesterday",
     b"V,7,s,*,0,2013-02-18 10:00:00", b"VCAR1,7,s,,0,2013-02-18 10:00:00",
     b"VCAR1," + b"9" * 16 + b",s,*,0,2013-02-18 10:00:00", b"VCAR1,7,*,0,2013-02-18 10:00:00",
     b"O7,me,m,h,1,0", b"O7,,m,h,1,0,2013-02-18 10:00:00", b"Ox,me,m,h,1,0,2013-02-18 10:00:00",
     b"O7,me,m,h,x,0,2013-02-18 10:00:00", b"O7,me,h,1,0,2013-02-18 10:00:00"],
)  # fmt: skip
def test_malformed_records(data: bytes) -> None:
    """What lacks a field, or has an odd one, is no record."""
    assert VehicleRecord.parse(data) is None
    assert OwnerRecord.parse(data) is None


@pytest.mark.parametrize("data", [b"", b",S,80", b"CAR1", b"CAR1,", b"CAR1,SS,80"])
def test_malformed_replications(data: bytes) -> None:
    """Without a vehicle and a code of one byte it is none."""
    assert Replicated.parse(data) is None


def test_a_replicated_message_without_data() -> None:
    """A code alone is a message with no data."""
    assert Replicated.parse(b"CAR1,A") == Replicated("CAR1", Message("A"))


def test_a_secret_with_a_comma_does_not_fit() -> None:
    """No record can carry it to a server of the field; what has been removed has no secret."""
    record = VehicleRecord("CAR1", 1, "a secret", "*", False, 10)
    assert record.fits
    assert not replace(record, secret="a,secret").fits
    assert replace(record, secret="", deleted=True).fits
