from __future__ import annotations

import json
from pathlib import Path

from ovms.server.storage.opening import open_database
from ovms.server.storage.peers import note_peer
from ovms.server.storage.schema import SERVER_ROW, server
from tests.programs.conftest import run_ovms

PEERS = """
[[peers]]
server = "master.example.org"
id = "slave"
secret = "hidden"
"""


def make(data: Path, settings: str = PEERS) -> tuple[str, str]:
    """Make a data folder with these settings; the options that name it."""
    data.mkdir()
    (data / "ovms.toml").write_text(settings)
    return "--data", str(data)


def test_nobody_was_called_yet(tmp_path: Path) -> None:
    """A server of the settings is shown before the first call; its secret is not."""
    shown = run_ovms("peer", "status", *make(tmp_path / "data"))
    assert shown.returncode == 0
    header, row = shown.stdout.splitlines()
    assert header.split("\t")[:4] == ["id", "direction", "address", "connected"]
    assert row.split("\t")[:4] == ["SLAVE", "calls", "master.example.org", "no"]
    assert "hidden" not in shown.stdout


def test_how_things_stand(tmp_path: Path) -> None:
    """The database's word counts, in all its columns, as JSON with times in ISO."""
    options = make(tmp_path / "data")
    database = open_database(tmp_path / "data")
    database.upgrade()
    with database.writing() as connection:
        connection.execute(server.insert().values(id=SERVER_ROW, started=1.0, heartbeat=1e12))
        note_peer(connection, "SLAVE", "calls", connected=True, address="m:6870", since=60.0,
                  heard=61.0, vehicles=3, owners=1, vehicle_time="2013-02-18 10:00:00")  # fmt: skip
        note_peer(connection, "B", "called", connected=False, address="b:1", error="gone")
    shown = json.loads(run_ovms("peer", "status", "--json", *options).stdout)
    assert [peer["id"] for peer in shown] == ["B", "SLAVE"]
    assert shown[1] == {
        "id": "SLAVE", "direction": "calls", "address": "m:6870", "connected": True,
        "since": "1970-01-01T00:01:00Z", "heard": "1970-01-01T00:01:01Z", "vehicles": 3,
        "owners": 1, "vehicle_time": "2013-02-18T10:00:00Z", "owner_time": None, "error": "",
    }  # fmt: skip


def test_settings_that_cannot_be(tmp_path: Path) -> None:
    """One line says which and why, without the secret."""
    cases = {
        "address": (PEERS.replace("master.example.org", "a:b:c"), "HOST[:PORT]"),
        "id": (PEERS.replace("slave", "a b"), "is not a vehicle id"),
        "twice": (PEERS * 2, "must differ"),
        "lacks": (PEERS.replace('secret = "hidden"', ""), "peers"),
        "unknown": (PEERS + "colour = 1\n", "colour"),
    }
    for name, (settings, part) in cases.items():
        done = run_ovms("peer", "status", *make(tmp_path / name, settings))
        assert done.returncode == 1, name
        assert part in done.stderr, name
        assert len(done.stderr.splitlines()) == 1, name
        assert "hidden" not in done.stderr, name


def test_a_server_without_others(tmp_path: Path) -> None:
    """There is nothing to show, and that is no error."""
    shown = run_ovms("peer", "status", "--json", *make(tmp_path / "data", ""))
    assert (shown.returncode, json.loads(shown.stdout)) == (0, [])
