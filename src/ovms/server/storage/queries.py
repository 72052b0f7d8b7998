"""All that reads and changes owners, what they have and its history, to import from one place.

Each is a plain function of a SQLAlchemy ``Connection`` in a transaction: the command line calls
them with :func:`ovms.server.storage.database.writing`, the server in threads.
"""

from __future__ import annotations

from ovms.server.storage.erasing import erase_account, erase_data
from ovms.server.storage.history import (
    history_count,
    history_page,
    history_summary,
    summary_page,
    utilisation,
)
from ovms.server.storage.history_records import (
    delete_records,
    distance_units,
    read_records,
)
from ovms.server.storage.imports import Imported, import_vehicles
from ovms.server.storage.logins import account_states, accounts_changed_since
from ovms.server.storage.owners import (
    add_owner,
    find_owner,
    get_owner,
    has_owners,
    list_owners,
    remove_owner,
    renew_hash,
    set_owner,
    set_password,
)
from ovms.server.storage.provisions import (
    add_provision,
    find_provision,
    find_vehicle_provision,
    get_provision,
    list_provisions,
    remove_provision,
)
from ovms.server.storage.quotas import check_vehicle_quota, full_vehicles, owner_use, set_limits
from ovms.server.storage.seen_tokens import plain_uses
from ovms.server.storage.series import read_series, series_spans
from ovms.server.storage.shares import end_share, forget_shares, list_shares, put_share
from ovms.server.storage.tokens import (
    TOKEN_LIMIT,
    add_token,
    change_token,
    find_own_token,
    find_token,
    forget_tokens,
    get_token,
    list_tokens,
    remove_token,
    touch_tokens,
)
from ovms.server.storage.vehicles import (
    PRESENCE_STALE,
    add_vehicle,
    changed_since,
    find_any_vehicles,
    find_vehicle,
    find_vehicles,
    get_any_vehicle,
    get_vehicle,
    list_vehicles,
    load_vehicle,
    load_vehicles,
    remove_vehicle,
    rename_vehicle,
    set_journeys,
    set_log_days,
    set_secret,
    set_server,
    set_tls_only,
    transfer_vehicle,
)

__all__ = [
    "PRESENCE_STALE",
    "TOKEN_LIMIT",
    "Imported",
    "account_states",
    "accounts_changed_since",
    "add_owner",
    "add_provision",
    "add_token",
    "add_vehicle",
    "change_token",
    "changed_since",
    "check_vehicle_quota",
    "delete_records",
    "distance_units",
    "end_share",
    "erase_account",
    "erase_data",
    "find_any_vehicles",
    "find_own_token",
    "find_owner",
    "find_provision",
    "find_token",
    "find_vehicle",
    "find_vehicle_provision",
    "find_vehicles",
    "forget_shares",
    "forget_tokens",
    "full_vehicles",
    "get_any_vehicle",
    "get_owner",
    "get_provision",
    "get_token",
    "get_vehicle",
    "has_owners",
    "history_count",
    "history_page",
    "history_summary",
    "import_vehicles",
    "list_owners",
    "list_provisions",
    "list_shares",
    "list_tokens",
    "list_vehicles",
    "load_vehicle",
    "load_vehicles",
    "owner_use",
    "plain_uses",
    "put_share",
    "read_records",
    "read_series",
    "remove_owner",
    "remove_provision",
    "remove_token",
    "remove_vehicle",
    "rename_vehicle",
    "renew_hash",
    "series_spans",
    "set_journeys",
    "set_limits",
    "set_log_days",
    "set_owner",
    "set_password",
    "set_secret",
    "set_server",
    "set_tls_only",
    "summary_page",
    "touch_tokens",
    "transfer_vehicle",
    "utilisation",
]
