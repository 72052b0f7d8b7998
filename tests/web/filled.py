"""A server that has something for each page to show: journeys, places, records, shares, a token."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Final

from ovms.cli.database import open_database
from ovms.protocol.records.history import ALERT_TYPE, KeptRecord
from ovms.server.journeys.values import CurvePoint
from ovms.server.storage.batch import Batch
from ovms.server.storage.journeys import list_journeys
from ovms.server.storage.provisions import add_provision
from ovms.server.storage.sealing import seal_parameters
from tests.programs.conftest import run_ovms
from tests.server.journeys.made import charge, parked, put_journeys, trip
from tests.web.conftest import OWNER

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import Connection

    from ovms.server.storage.database import Database

CAR: Final = "CAR1"
AWAY: Final = "CAR2"

HOUR: Final = 3600

TARIFF: Final = {
    "energy_price": "0.32",
    "bands": [{"from": "22:00", "until": "06:00", "days": ["mon", "sun"], "price": "0.21"}],
    "session_price": "1",
}

RECORD: Final = "*-OVM-Utilization"

COMMANDS: Final = (
    ("owner", "add", "other"),
    ("owner", "set", OWNER, "--admin"),
    ("vehicle", "add", "CAR3", "--owner", "other", "--secret", "another secret"),
    ("share", "add", "CAR3", OWNER),
    ("share", "add", CAR, "other", "--rights", "view,location"),
    ("journeys", "places", "add", "Home", "--owner", OWNER, "--at", "52,13", "--home"),
    ("journeys", "places", "tariff", "Home", "--owner", OWNER, "--tariff", json.dumps(TARIFF)),
    ("token", "add", "--owner", OWNER, "--purpose", "the clock on the wall"),
    ("notify", "add", CAR, "--type", "mail", "--key", "somebody@example.org"),
)


async def fill(data: Path, now: int) -> dict[str, str]:
    """Make what pages show, and return the ids of it by the names of the addresses."""
    for command in COMMANDS:
        done = run_ovms(*command, "--data", str(data))
        assert done.returncode == 0, f"{command}: {done.stderr}"
    ids = {"record": RECORD}
    with open_database(data, None, None) as database:
        await _put_records(database, now)
        ids |= _put_journeys(database, now)
        await database.write(partial(_put_provision, now=now))
        await database.close()
    for name, command in (
        ("place", ("journeys", "places", "list", "--owner", OWNER, "--json")),
        ("token", ("token", "list", "--json")),
    ):
        listed = json.loads(run_ovms(*command, "--data", str(data)).stdout)
        ids[name] = str(listed[0]["id"])
    return ids


async def _put_records(database: Database, now: int) -> None:
    """Put alerts of two days, and records of a type that has fields."""
    batch = Batch()
    for kind, number, age, said in (
        (ALERT_TYPE, 0, 30 * HOUR, "E 12 V battery is low: 11.4 V"),
        (ALERT_TYPE, 0, HOUR, "I Charge is done: 80 %"),
        (RECORD, 0, 2 * HOUR, "ab,cd"),
        (RECORD, 1, HOUR, "a text without a blank that is much longer than a phone is wide" * 3),
    ):
        data = said.replace(" without a blank that is ", "-").encode()
        made = KeptRecord(kind, number, now - age, now + 900 * HOUR, data, None, now - age)
        batch.history.put(CAR, made, None)
    await database.apply(batch)


def _put_provision(connection: Connection, now: int) -> None:
    """Put the record by which a new module becomes a car."""
    record = seal_parameters("8985200011112222333", ["-", "CAR1"])
    add_provision(connection, "5YJRE1A12B3001234", record, now, vehicle_id=CAR)


def _put_journeys(database: Database, now: int) -> dict[str, str]:
    """Put two trips, a charge with a curve, and the time parked; return their ids."""
    begin = now - 48 * HOUR
    curve = tuple(
        CurvePoint(time=begin + HOUR + step, soc=60 + step / 360, power=6.3, energy=step / 571)
        for step in range(0, HOUR + 1, 600)
    )
    put_journeys(
        database,
        AWAY,
        trip(begin),
        parked(begin + HOUR // 2, begin + 3 * HOUR),
        charge(begin + HOUR, curve=curve, power_max=6.9),
        trip(begin + 3 * HOUR),
    )
    with database.reading() as connection:
        rows, _ = list_journeys(connection, AWAY, limit=10)
    return {row.kind.value: str(row.id) for row in rows}
