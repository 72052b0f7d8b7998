"""Another server with a bit of everything, and imports of it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

from ovms.server.migrate.context import MoveOptions
from ovms.server.migrate.moving import move_in
from ovms.server.migrate.source import open_source, source_url
from ovms.server.notify.registry import find_types

if TYPE_CHECKING:
    from ovms.server.migrate.report import MovedKind, MoveReport
    from ovms.server.storage.database import Database
    from tests.server.migrate.mariadb import OtherServer

NOW: Final = datetime(2026, 11, 27, 12, tzinfo=UTC).timestamp()
TYPES: Final = find_types()

ON_BOTH: Final = pytest.mark.parametrize("ours", ["sqlite", "postgres"], indirect=True)
"""Runs a test on both databases that ours may be."""

HASHCAT: Final = "$S$C33783772bRXEx1aCsvY.dqgaaSu76XmVlKrW9Qu8IQlvxHlmzLf"
"""The CMS's hash of the password "hashcat"."""

TOKEN: Final = "0123456789abcdef" * 4


def at(text: str) -> float:
    """Return the Unix seconds of a time in UTC."""
    return datetime.strptime(text, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC).timestamp()


def owner(number: int, name: str, **more: Any) -> dict[str, Any]:
    """Return the row of an owner who may log in."""
    return {"owner": number, "name": name, "mail": f"{name}@example.org", "pass": HASHCAT,
            "status": 1, **more}  # fmt: skip


def car(number: int, vehicle_id: str, secret: str, **more: Any) -> dict[str, Any]:
    """Return the row of a vehicle."""
    return {"owner": number, "vehicleid": vehicle_id, "carpass": secret, **more}


def message(number: int, vehicle_id: str, code: str, text: str, **more: Any) -> dict[str, Any]:
    """Return the row of a message."""
    return {"owner": number, "vehicleid": vehicle_id, "m_code": code, "m_msg": text,
            "m_msgtime": "2026-11-27 10:00:00", **more}  # fmt: skip


def record(
    number: int, vehicle_id: str, kind: str, time: str, data: str, **more: Any
) -> dict[str, Any]:
    """Return the row of a record of the history."""
    return {"owner": number, "vehicleid": vehicle_id, "h_recordtype": kind, "h_recordnumber": 0,
            "h_timestamp": time, "h_data": data, "h_expires": "2027-11-27 10:00:00",
            **more}  # fmt: skip


def fill(other: OtherServer) -> None:
    """Put a bit of everything into another server: two owners, three vehicles."""
    other.put("owners", owner(1, "bob"), owner(2, "eve"))
    other.put(
        "cars",
        car(1, "CAR1", "one", vehiclename="Bob's", v_lastupdate="2026-11-27 10:00:00"),
        car(1, "CAR2", "two", v_ptoken="ptoken"),
        car(2, "EVE1", "three"),
    )
    other.put(
        "carmessages",
        message(1, "CAR1", "S", "80,K,220,16,stopped,standard,300,200"),
        message(1, "CAR1", "F", "3.3.005,VIN,5,1,TR"),
        message(1, "CAR2", "S", "c2VhbGVk", m_paranoid=1, m_ptoken="ptoken"),
    )
    other.put(
        "historicalmessages",
        record(1, "CAR1", "*-LOG-Trip", "2026-10-01 08:00:00", "1,2,3"),
        record(1, "CAR1", "*-LOG-Trip", "2026-11-26 08:00:00", "4,5"),
        record(2, "EVE1", "*-LOG-Trip", "2026-11-26 08:00:00", "6"),
        *(
            record(1, "CAR1", "*-OVM-Utilisation", "2026-11-27 00:00:00", str(100 * n + 100),
                   h_recordnumber=n, h_expires="2026-11-28 00:00:00")
            for n in range(4)
        ),
    )  # fmt: skip
    other.put(
        "notifies",
        {"owner": 1, "vehicleid": "CAR1", "appid": "phone", "pushtype": "mail",
         "pushkeytype": "", "pushkeyvalue": "bob@example.org",
         "lastupdated": "2026-11-20 00:00:00"},
    )  # fmt: skip
    other.put("apitokens", {"owner": 1, "token": TOKEN, "application": "evcc", "permit": "*",
                            "created": "2025-01-01 00:00:00"})  # fmt: skip
    other.put("autoprovision", {"ap_key": "VIN1", "ap_stoken": "stoken", "ap_sdigest": "sdigest",
                                "ap_msg": "c2VhbGVk", "owner": 1,
                                "changed": "2024-01-01 00:00:00"})  # fmt: skip


def move(other: OtherServer, ours: Database, now: float = NOW, **options: Any) -> MoveReport:
    """Import; return what became of it."""
    with open_source(source_url(other.url, None)) as source:
        return move_in(ours, source, now, MoveOptions(types=TYPES, **options))


def counts(report: MoveReport, kind: MovedKind) -> tuple[int, int, int, int, int]:
    """Return how many were added, changed, removed, the same as before, and left."""
    of = report[kind]
    return of.added, of.changed, of.removed, of.unchanged, of.left


def told(report: MoveReport) -> list[tuple[str, str, str, str]]:
    """Return the notes: kind, name, outcome, reason."""
    return [(each.kind, each.name, each.outcome, each.reason) for each in report.notes]
