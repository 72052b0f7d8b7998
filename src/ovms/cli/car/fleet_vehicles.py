"""Vehicles for ``ovms car --fleet NUMBER``, in the database of a server on this machine."""

from __future__ import annotations

import csv
import io
import time
from typing import Final

import msgspec

from ovms.cli.car.options import CarOptions
from ovms.cli.common import fail
from ovms.cli.database import open_database
from ovms.server.settings import load_settings
from ovms.server.storage import queries
from ovms.server.storage.new_secret import make_secret

PREFIX: Final = "SIM-"
"""How the ids of the vehicles begin; a number follows."""


def find_local_server(options: CarOptions) -> str:
    """Return where the server of the data folder listens; ends the command if none runs there."""
    data = load_settings(options.config, {"data": options.data}).data
    try:
        ports = msgspec.json.decode((data / "ready.json").read_bytes(), type=dict[str, int | None])
    except (OSError, msgspec.DecodeError):
        fail(f"no server runs on {data}: start one (ovms serve), or name it with --server")
    name = "mp_tls" if options.tls else "mp"
    port = ports.get(name)
    if port is None:
        fail(f"the server on {data} has no port {'with' if options.tls else 'without'} TLS")
    return f"127.0.0.1:{port}"


def make_vehicles(options: CarOptions, owner_name: str, count: int) -> bytes:
    """Return the roster of an owner's vehicles for a fleet; owner and vehicles are made if missing.

    The same owner has the same vehicles each time.
    """
    with (
        open_database(options.data, options.database, options.config, must_exist=True) as db,
        db.writing() as connection,
    ):
        now = time.time()
        owner = queries.find_owner(connection, owner_name)
        if owner is None:
            owner = queries.add_owner(connection, owner_name, now)
        known = {
            each.vehicle.id: each.vehicle.secret
            for each in queries.list_vehicles(connection, now, owner)
        }
        roster = io.StringIO()
        rows = csv.writer(roster)
        rows.writerow(("id", "secret"))
        number = found = 0
        while found < count:
            number += 1
            vehicle = f"{PREFIX}{number}"
            secret = known.get(vehicle)
            if secret is None:
                if queries.find_vehicle(connection, vehicle) is not None:
                    continue  # it is somebody else's
                secret = make_secret()
                queries.add_vehicle(connection, vehicle, owner, secret, now, name="Simulated car")
            rows.writerow((vehicle, secret))
            found += 1
        return roster.getvalue().encode()
