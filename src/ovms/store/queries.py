"""Everything that reads and changes owners, vehicles and their history, to import from one place.

Each is a plain function of a SQLAlchemy ``Connection`` in a transaction: the command line calls
them with :func:`ovms.store.database.writing`, the server through ``AsyncConnection.run_sync``.
"""

from __future__ import annotations

from ovms.store.history import history_count, history_page, history_summary, utilisation
from ovms.store.imports import Imported, import_vehicles
from ovms.store.owners import (
    add_owner,
    find_owner,
    get_owner,
    list_owners,
    remove_owner,
    set_password,
)
from ovms.store.vehicles import (
    PRESENCE_STALE,
    add_vehicle,
    changed_since,
    find_vehicle,
    get_vehicle,
    list_vehicles,
    load_vehicle,
    remove_vehicle,
    rename_vehicle,
    set_log_days,
    set_secret,
    transfer_vehicle,
)

__all__ = [
    "PRESENCE_STALE",
    "Imported",
    "add_owner",
    "add_vehicle",
    "changed_since",
    "find_owner",
    "find_vehicle",
    "get_owner",
    "get_vehicle",
    "history_count",
    "history_page",
    "history_summary",
    "import_vehicles",
    "list_owners",
    "list_vehicles",
    "load_vehicle",
    "remove_owner",
    "remove_vehicle",
    "rename_vehicle",
    "set_log_days",
    "set_password",
    "set_secret",
    "transfer_vehicle",
    "utilisation",
]
