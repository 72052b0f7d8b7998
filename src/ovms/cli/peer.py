"""``ovms peer``: other servers, those that ours calls and those that call ours."""

from __future__ import annotations

import time
from dataclasses import replace

import typer

from ovms.base.settings import SettingsError
from ovms.cli.common import JsonOption, cell, fail, iso_time, print_json, print_table
from ovms.cli.database import ConfigOption, DatabaseOption, DataOption, open_database
from ovms.server.settings import load_settings
from ovms.server.storage.peers import PeerStatus, list_peers

app = typer.Typer(help="Other servers: who is linked with ours.", no_args_is_help=True)


@app.callback()
def _peer() -> None:
    """Other servers: who is linked with ours."""


@app.command()
def status(
    json: JsonOption = False,
    data: DataOption = None,
    database: DatabaseOption = None,
    config: ConfigOption = None,
) -> None:
    """Show how things stand with the servers that ours calls, and that call ours.

    Whom to call stands in the settings (peers); who may call is a vehicle of type server.
    """
    with open_database(data, database, config, must_exist=True) as db, db.reading() as connection:
        known = {(each.direction, each.id): each for each in list_peers(connection, time.time())}
    try:
        settings = load_settings(config, {"data": data, "database": database})
    except SettingsError as error:
        fail(str(error))
    for peer in settings.peers:
        never = replace(_NEVER, id=peer.id, address=peer.server)
        known.setdefault((never.direction, never.id), never)
    shown = [_described(known[key]) for key in sorted(known)]
    if json:
        print_json(shown)
        return
    print_table([*_described(_NEVER)], [[*map(cell, row.values())] for row in shown])


_NEVER = PeerStatus("", "calls", "", False, None, None, 0, 0, 0, 0, "")
"""A server that has not been called yet."""


def _described(peer: PeerStatus) -> dict[str, object]:
    return {
        "id": peer.id,
        "direction": peer.direction,
        "address": peer.address,
        "connected": peer.connected,
        "since": iso_time(peer.since),
        "heard": iso_time(peer.heard),
        "vehicles": peer.vehicles,
        "owners": peer.owners,
        "vehicle_time": iso_time(peer.vehicle_time or None),
        "owner_time": iso_time(peer.owner_time or None),
        "error": peer.error,
    }
