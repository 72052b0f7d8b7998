from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, LargeBinary, MetaData, Table, Text, create_engine, insert, select
from sqlalchemy.exc import StatementError

from ovms.server.storage import schema
from ovms.server.storage.encrypted import NOTHING, Encrypted, EncryptedText, EncryptionKey
from ovms.server.storage.errors import DamagedSecret

KEY = EncryptionKey(bytes(range(32)))
PLACE = ("vehicles", "secret", "CAR1")


@given(st.text(max_size=300))
def test_there_and_back(text: str) -> None:
    """What was encrypted is read again, by the key of the same bytes."""
    value = KEY.encrypt(PLACE, text)
    assert value.key_id == KEY.id
    assert EncryptionKey(bytes(range(32))).decrypt(PLACE, value) == text


def test_each_time_another() -> None:
    """Equal secrets do not look equal, and none shows itself, nor does the key in its name."""
    one, two = KEY.encrypt(PLACE, "a secret"), KEY.encrypt(PLACE, "a secret")
    assert one != two
    assert "a secret" not in one
    assert KEY.bytes.hex() not in repr(KEY)


@pytest.mark.parametrize(
    "place",
    [("vehicles", "secret", "CAR2"), ("vehicles", "name", "CAR1"), ("tokens", "secret", "CAR1"),
     ("vehicles", "secret", "CAR", "1"), ("vehicles", "secretC", "AR1"), ()],
)  # fmt: skip
def test_opens_nowhere_else(place: tuple[str, ...]) -> None:
    """A value that is put into another row, column or table does not open."""
    with pytest.raises(DamagedSecret):
        KEY.decrypt(place, KEY.encrypt(PLACE, "pw"))


def test_opens_under_no_other_key() -> None:
    """Another key opens nothing, and has another id."""
    other = EncryptionKey(bytes(32))
    assert other.id != KEY.id
    with pytest.raises(DamagedSecret):
        other.decrypt(PLACE, KEY.encrypt(PLACE, "pw"))


def test_altered() -> None:
    """A value of which any bit was changed, or that was cut, does not open."""
    value = KEY.encrypt(PLACE, "pw")
    head, data = value[: value.rindex(":") + 1], base64.b64decode(value.rpartition(":")[2])
    for number in range(len(data) * 8):
        bad = bytearray(data)
        bad[number // 8] ^= 1 << number % 8
        with pytest.raises(DamagedSecret):
            KEY.decrypt(PLACE, Encrypted(head + base64.b64encode(bad).decode()))
    for cut in range(len(value)):
        with pytest.raises(DamagedSecret):
            KEY.decrypt(PLACE, Encrypted(value[:cut]))


@pytest.mark.parametrize("value", ["", "pw", "2:a:b", "1:a", "1:a:b:c"])
def test_form(value: str) -> None:
    """What is not in the form names no key."""
    with pytest.raises(DamagedSecret, match="form"):
        assert Encrypted(value).key_id


def test_lookup() -> None:
    """A keyed hash is the same each time, and another one for another text, column or key."""
    hashed = KEY.lookup("a", "bc")
    assert hashed == KEY.lookup("a", "bc")
    assert len(hashed) == 64
    others = [KEY.lookup("ab", "c"), KEY.lookup("a", "bd"), KEY.lookup("d", "bc")]
    assert hashed not in [*others, EncryptionKey(bytes(32)).lookup("a", "bc")]


@pytest.mark.parametrize("length", [0, 31, 33])
def test_length_of_a_key(length: int) -> None:
    """A key has 32 bytes."""
    with pytest.raises(ValueError, match="32 bytes"):
        EncryptionKey(bytes(length))


def test_column_takes_nothing_plain() -> None:
    """A plain secret cannot be stored by mistake, and is not repeated in the error."""
    table = Table("t", MetaData(), Column("secret", EncryptedText))
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        table.create(connection)
        with pytest.raises(StatementError, match="a secret is stored encrypted") as caught:
            connection.execute(insert(table).values(secret="plain"))
        assert isinstance(caught.value.orig, TypeError)
        for value in (NOTHING, None, KEY.encrypt(PLACE, "pw")):
            connection.execute(insert(table).values(secret=value))
        found = connection.scalars(select(table.c.secret)).all()
    assert [type(each) for each in found] == [Encrypted, type(None), Encrypted]


def test_columns_are_plain_on_purpose() -> None:
    """A new column of text or bytes is encrypted, or is put here because it opens nothing."""
    plain = {
        f"{table}.{column.name}"
        for table in schema.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, (Text, LargeBinary)) and not column.foreign_keys
    }
    encrypted = {
        f"{table}.{column.name}"
        for table in schema.metadata.tables.values()
        for column in table.columns
        if isinstance(column.type, EncryptedText)
    }
    assert encrypted == {
        "vehicles.secret", "server.token_key", "notifications.key", "tokens.encrypted",
        "provisions.encrypted", "owners.totp", "mail_codes.content",
        "server.push_key", "push_devices.encrypted", "moved.taken",
    }  # fmt: skip
    assert plain == {
        # names, addresses and kinds
        "owners.name", "owners.name_key", "owners.email", "removed_owners.name",
        "vehicles.id", "vehicles.name", "vehicles.type", "vehicles.server",
        "notifications.push_type", "notifications.key_type", "notifications.app_id",
        "notifications.vehicle_name", "outbox.kind",
        "tokens.application", "tokens.purpose", "tokens.permit",
        "messages.vehicle_id", "messages.code", "presence.vehicle_id",
        "history.vehicle_id", "history.type", "history_acks.vehicle_id", "history_acks.type",
        "history_counts.vehicle_id", "history_counts.type", "history_purges.vehicle_id",
        "utilisation.vehicle_id", "utilisation.day", "peer_owners.peer",
        "peers.id", "peers.direction", "peers.address", "peers.vehicle_time", "peers.owner_time",
        "peers.error", "encryption.key_id",
        "owner_warnings.vehicle_id", "owner_warnings.kind",
        "shares.rights", "position_links.label", "web_sessions.address", "web_sessions.agent",
        "passkeys.name", "mail_codes.purpose", "audit.actor", "audit.vehicle_id", "audit.action",
        "audit.detail", "audit.address", "failed_calls.vehicle_id", "failed_calls.address",
        "failed_calls.reason",
        "owners.zone", "owners.currency", "server.zone", "server.currency",
        "raw_journeys.vehicle_id", "raw_journeys.kind", "journeys.vehicle_id", "journeys.kind",
        "journeys.day", "journeys.month", "journeys.certainty", "journeys.currency",
        "journeys.purpose", "journeys.note", "journey_stale.vehicle_id", "journey_stale.kind",
        "journey_edits.vehicle_id", "journey_edits.kind", "journey_edits.journey_kind",
        "journey_edits.data", "journey_progress.vehicle_id", "journey_checkpoints.vehicle_id",
        "places.name", "places.name_key", "places.zone", "places.currency",
        "place_tariffs.valid_from", "place_tariffs.data", "journey_rules.vehicle_id",
        "journey_rules.rule", "journey_rules.data", "journey_rules.state", "push_devices.name",
        "provisions.vehicle_id",
        "moved.source", "moved.kind", "moved_months.source", "moved_months.vehicle_id",
        "moved_months.month", "moved_months.checksum",
        # hashes: of passwords by argon2, and keyed ones
        "owners.password_hash", "tokens.lookup", "provisions.lookup", "push_devices.lookup",
        "seen_tokens.memory", "secret_uses.memory", "owner_warnings.memory", "seen_tokens.bits",
        "history_acks.digest", "moved_months.hashes", "web_sessions.fingerprint",
        # hashes of what is random and long
        "position_links.digest", "web_sessions.digest", "recovery_codes.digest",
        "mail_codes.digest",
        # what a passkey shows to everybody
        "passkeys.credential", "passkeys.public_key",
        # what a paranoid password is salted with; the password is nowhere
        "vehicles.paranoid_token", "messages.token",
        # what cars say, as history and messages hold it
        "outbox.text", "messages.data", "history.data",
        # what is made of that
        "raw_journeys.data", "journeys.data", "journey_checkpoints.state",
    }  # fmt: skip
