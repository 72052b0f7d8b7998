from __future__ import annotations

import csv
import json
from contextlib import suppress
from datetime import date
from decimal import Decimal
from io import BytesIO
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest

from ovms.protocol.records.history import KeptRecord
from ovms.server.journeys.rules import ParkedLossRule
from ovms.server.journeys.tariffs import Tariff
from ovms.server.journeys.values import Position
from ovms.server.storage import exporting, queries
from ovms.server.storage.batch import Batch
from ovms.server.storage.exporting import ExportScope, ExportSink, export_steps
from ovms.server.storage.journey_rules import set_rule
from ovms.server.storage.places import make_place, set_tariff
from tests.server.journeys.made import NOON, charge, put_journeys, trip
from tests.server.storage.databases import apply, close, execute, make_database

if TYPE_CHECKING:
    from pathlib import Path

    from ovms.server.storage.database import Database


def test_pieces(tmp_path: Path) -> None:
    """The file comes in pieces, none of which grows with the history; ids lead out of no folder."""
    database = make_database(tmp_path)
    with database.writing() as connection:
        queries.add_vehicle(connection, "..", queries.get_owner(connection, "bob"), "s", 1.0)
    batch = Batch()
    for time in range(5000):
        data = bytes(time * each % 251 for each in range(100))
        batch.history.put("CAR1", KeptRecord("x", 0, time, 10**9, data, None, float(time)), None)
    assert apply(database, batch) == 0
    sink, whole, largest = ExportSink(), BytesIO(), 0
    result: Any = None
    steps = export_steps(ExportScope("bob", 5.0), sink)
    while True:
        try:
            query = steps.send(result)
        except StopIteration:
            break
        with database.reading() as connection:
            result = query(connection)
        part = sink.take()
        largest = max(largest, len(part))
        whole.write(part)
    whole.write(sink.take())
    made = ZipFile(whole)
    assert made.testzip() is None
    assert "vehicles/%2E%2E/vehicle.json" in made.namelist()
    assert json.loads(made.read("account.json"))["name"] == "bob"
    assert made.read("vehicles/CAR1/history/000-x.csv").count(b"\r\n") >= 5001
    assert largest < len(whole.getvalue()) / 2
    close(database)


@pytest.mark.parametrize("located", [None, set()])
def test_journeys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, located: set[str] | None
) -> None:
    """They are tables of a kind each, page by page; without positions for who may not see them."""
    monkeypatch.setattr(exporting, "PAGE", 2)
    database = make_database(tmp_path)
    trips = [trip(NOON + n * 86400) for n in range(5)]
    put_journeys(database, "CAR1", *trips, charge(NOON - 86400))
    execute(database, "UPDATE journeys SET note = 'from home'")
    made = _export(database, ExportScope("bob", 5.0, located=located))
    tables = {
        name: made.read(f"vehicles/CAR1/{name}.csv").decode("utf-8-sig").splitlines()
        for name in ("trips", "charges", "parked")
    }
    assert [len(each) for each in tables.values()] == [6, 2, 1]
    assert len(set(tables["trips"])) == 6
    assert (",52,13," in tables["trips"][1]) == (located is None)
    assert ("from home" in "".join(tables["trips"])) == (located is None)
    assert "trips.csv" in made.read("README.txt").decode()
    close(database)


@pytest.mark.parametrize("has_places", [True, False])
def test_places_and_rules(tmp_path: Path, has_places: bool) -> None:
    """Places are in it with their tariffs, for who may see them, and what is told of journeys."""
    database = make_database(tmp_path)
    with database.writing() as connection:
        bob, spot = queries.get_owner(connection, "bob").id, Position(latitude=52, longitude=13)
        home = make_place(connection, bob, "Home", spot, 1.0, is_home=True)
        tariff = Tariff(energy_price=Decimal("0.3"))
        set_tariff(connection, bob, home.id, date(2026, 1, 1), tariff, 2.0)
        set_rule(connection, "CAR1", ParkedLossRule(is_on=True))
    made = _export(database, ExportScope("bob", 5.0, has_places=has_places))
    assert ("places.json" in made.namelist()) is has_places
    if has_places:
        (place,) = json.loads(made.read("places.json"))["places"]
        assert (place["name"], place["latitude"], place["is_home"]) == ("Home", 52.0, True)
        assert place["tariffs"] == [{"valid_from": "2026-01-01", "energy_price": "0.3"}]
    rules = json.loads(made.read("vehicles/CAR1/vehicle.json"))["journey_rules"]
    assert rules["parked_loss"]["is_on"] is True
    close(database)


@pytest.mark.parametrize("names_fields", [True, False])
def test_fields(database: Database, names_fields: bool) -> None:
    """Records are as they came, and have their fields by name, in km, if that is wanted."""
    batch = Batch()
    for time, unit in ((10, b"M"), (20, b"K")):
        status = b"80," + unit + b",230,16,charging,range,100,90,32"
        batch.history.put("CAR1", KeptRecord("S", 0, time, 10**9, status, None, float(time)), None)
    assert apply(database, batch) == 0
    made = _export(database, ExportScope("bob", 30.0, names_fields=names_fields))
    lines = made.read("vehicles/CAR1/history/000-S.csv").decode().splitlines()
    (head, *found) = csv.reader(lines)
    assert [row[3].split(",")[1] for row in found] == ["M", "K"]
    if names_fields:
        at = head.index("ideal_range")
        assert [row[at] for row in found] == ["160.934", "100"]
    else:
        assert head == ["type", "time", "number", "data"]
    about = made.read("README.txt").decode()
    assert ("and each field" in about, "format=csv" in about) == (names_fields, not names_fields)


def _export(database: Database, scope: ExportScope) -> ZipFile:
    sink, result = ExportSink(), None
    steps = export_steps(scope, sink)
    with suppress(StopIteration):
        while True:
            query = steps.send(result)
            with database.reading() as connection:
                result = query(connection)
    return ZipFile(BytesIO(sink.take()))
