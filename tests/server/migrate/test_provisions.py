from __future__ import annotations

from typing import Any

from ovms.server.migrate.report import MovedKind
from ovms.server.storage import queries
from ovms.server.storage.database import Database
from ovms.server.values import Provision, ProvisionRecord
from tests.server.migrate.mariadb import OtherServer
from tests.server.migrate.moves import NOW, ON_BOTH, at, counts, move, owner, told


def row(key: str, **more: Any) -> dict[str, Any]:
    """Return the row of a record."""
    return {"ap_key": key, "ap_stoken": "token", "ap_sdigest": "digest", "ap_msg": "c2VhbGVk",
            "owner": 1, "changed": "2024-01-01 00:00:00", **more}  # fmt: skip


def stored(ours: Database) -> list[Provision]:
    """Return the records here by key."""
    with ours.reading() as connection:
        return queries.list_provisions(connection)


def test_taken(other: OtherServer, ours: Database) -> None:
    """A record is answered as it was there, whether it has an owner or not."""
    other.put("owners", owner(1, "bob"))
    other.put("autoprovision", row("vin1", v_lastused="2025-01-01 00:00:00"),
              row("VIN2", owner=0), row("VIN3", deleted=1))  # fmt: skip
    assert counts(move(other, ours), MovedKind.PROVISIONS) == (2, 0, 0, 0, 1)
    one, two = stored(ours)
    assert (one.key, one.owner, one.vehicle_id) == ("VIN1", "bob", None)
    assert one.record == ProvisionRecord("token", "digest", "c2VhbGVk")
    assert (one.changed, one.last_used) == (at("2024-01-01 00:00:00"), at("2025-01-01 00:00:00"))
    assert (two.key, two.owner, two.last_used) == ("VIN2", None, None)
    assert move(other, ours).is_empty


def test_left(other: OtherServer, ours: Database) -> None:
    """What no car could take is left, and told."""
    other.put("owners", owner(1, "bob"))
    other.put("autoprovision", row("V 1"), row("V2", ap_msg="two words"), row("V3", ap_stoken=""),
              row("V4", ap_msg="x" * 1100))  # fmt: skip
    report = move(other, ours)
    assert stored(ours) == []
    assert {each[1]: each[3].split(":")[0] for each in told(report)} == {
        "V 1": "the provisioning key 'V 1' may not hold ' '",
        "V2": "the provisioning record is damaged",
        "V3": "the provisioning record is damaged",
        "V4": "the parameters are too long",
    }


@ON_BOTH
def test_changed(other: OtherServer, ours: Database) -> None:
    """A new record there is taken, a deleted one goes, and one that was made here stays."""
    with ours.writing() as connection:
        mine = ProvisionRecord("ours", "ours", "ours")
        queries.add_provision(connection, "OURS", mine, NOW)
    other.put("owners", owner(1, "bob"))
    other.put("autoprovision", row("VIN1"), row("VIN2"), row("VIN3"), row("OURS"))
    report = move(other, ours)
    assert [each[1:3] for each in told(report)] == [("OURS", "left")]
    with ours.writing() as connection:
        queries.remove_provision(connection, "VIN3")
    other.put("autoprovision", row("VIN1", ap_msg="bmV3"), row("VIN2", deleted=1))
    report = move(other, ours, NOW + 1)
    assert counts(report, MovedKind.PROVISIONS)[:3] == (0, 1, 1)
    assert {each.key: each.record.record for each in stored(ours)} == {
        "OURS": "ours", "VIN1": "bmV3",
    }  # fmt: skip
    assert stored(ours)[1].owner == "bob"


def test_a_record_that_becomes_wrong(other: OtherServer, ours: Database) -> None:
    """A change there that no car could take is told, and the record here stays."""
    other.put("owners", owner(1, "bob"))
    other.put("autoprovision", row("VIN1"))
    move(other, ours)
    other.put("autoprovision", row("VIN1", ap_msg="two words"))
    report = move(other, ours, NOW + 1)
    assert [each[1:] for each in told(report)] == [
        ("VIN1", "left", "the provisioning record is damaged")
    ]
    assert [each.record.record for each in stored(ours)] == ["c2VhbGVk"]
