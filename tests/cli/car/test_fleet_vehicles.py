from __future__ import annotations

import csv
from pathlib import Path

import pytest
import typer

from ovms.cli.car.fleet_vehicles import find_local_server, make_vehicles
from ovms.cli.car.options import CarOptions
from ovms.cli.database import open_database
from ovms.server.storage import queries


@pytest.fixture
def options(tmp_path: Path) -> CarOptions:
    """Return the options of a fleet in a data folder that is there."""
    with open_database(tmp_path / "data", None, None):
        return CarOptions(data=tmp_path / "data")


def roster(options: CarOptions, owner: str, count: int) -> dict[str, str]:
    """Return the secrets of a fleet by vehicle."""
    lines = make_vehicles(options, owner, count).decode().splitlines()
    return {row["id"]: row["secret"] for row in csv.DictReader(lines)}


def test_vehicles_are_made_once(options: CarOptions) -> None:
    """The same owner has the same vehicles again, and more if he wants more."""
    first = roster(options, "me", 3)
    assert [*first] == ["SIM-1", "SIM-2", "SIM-3"]
    assert len(set(first.values())) == 3
    assert roster(options, "me", 3) == first
    assert roster(options, "me", 5).items() > first.items()
    assert roster(options, "me", 2).items() < first.items()


def test_others_vehicles_are_left_alone(options: CarOptions) -> None:
    """An id that somebody else has is passed over; a secret may hold anything."""
    with open_database(options.data, None, None) as db, db.writing() as connection:
        owner = queries.add_owner(connection, "me", 1.0)
        queries.add_vehicle(connection, "SIM-2", owner, 'a,"b', 1.0)
    assert [*roster(options, "you", 2)] == ["SIM-1", "SIM-3"]
    mine = roster(options, "me", 2)
    assert [*mine] == ["SIM-2", "SIM-4"]
    assert mine["SIM-2"] == 'a,"b'


def test_a_folder_that_is_not_there_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever mistypes the server's folder gets no new database."""
    with pytest.raises(typer.Exit):
        make_vehicles(CarOptions(data=tmp_path / "none"), "me", 1)
    assert "there is no data directory" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


def test_the_server_of_the_folder_is_found(
    options: CarOptions, capsys: pytest.CaptureFixture[str]
) -> None:
    """While it runs it says its ports; one that is not open, or no server, is one line."""
    assert options.data is not None
    with pytest.raises(typer.Exit):
        find_local_server(options)
    assert "no server runs on" in capsys.readouterr().err
    ready = '{"pid": 1, "mp": 7001, "mp_tls": null, "http": null, "https": null}'
    (options.data / "ready.json").write_text(ready)
    assert find_local_server(options) == "127.0.0.1:7001"
    with pytest.raises(typer.Exit):
        find_local_server(CarOptions(data=options.data, tls=True))
    assert "has no port with TLS" in capsys.readouterr().err
