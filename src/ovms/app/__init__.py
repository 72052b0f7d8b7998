"""The app's side as a library: watch a vehicle and command it from other programs.

::

    from ovms import app

    async with app.connect("example.org", "DEMO", "secret", tls=True) as car:
        print(car.snapshot.status.soc)
        answers = await car.command("lock", "1234")

:mod:`ovms.app.sync` has the same for programs without an event loop, and :mod:`ovms.app.api` the
server's API by HTTP. ``docs/library.md`` says what stays stable: the names of ``__all__``.
"""

import importlib
from typing import TYPE_CHECKING, Any

from ovms.app import sync
from ovms.app.access import (
    Connecting,
    ConnectOptions,
    ServerOptions,
    connect,
    connect_owner,
    list_vehicles,
    tls_context,
)
from ovms.app.client import App
from ovms.app.errors import (
    AnswerInUse,
    CommandFailed,
    ConnectFailed,
    ConnectionLost,
    Error,
    InvalidRequest,
    NetError,
    NoAnswer,
    PasswordNeeded,
    PasswordWrong,
    Untrusted,
    WelcomeRefused,
)
from ovms.app.following import FollowOptions, Update, follow, follow_owner
from ovms.app.listings import HistoryRow, SummaryRow, UtilisationRow
from ovms.app.snapshot import Seen, Snapshot
from ovms.protocol import Message, Role
from ovms.protocol.commands import Answer, Result
from ovms.protocol.records import (
    Alert,
    Capabilities,
    CarFirmware,
    Environment,
    Freshness,
    GroupPosition,
    Location,
    PowerExport,
    Record,
    ServerFirmware,
    Status,
    Tyres,
    WheelPressures,
)
from ovms.protocol.records.alert import AlertKind
from ovms.protocol.records.environment import Doors1, Doors2, Doors3, Doors4, Doors5
from ovms.protocol.records.tyres import Readings

if TYPE_CHECKING:
    from ovms.app import api

__all__ = [
    "Alert",
    "AlertKind",
    "Answer",
    "AnswerInUse",
    "App",
    "Capabilities",
    "CarFirmware",
    "CommandFailed",
    "ConnectFailed",
    "ConnectOptions",
    "Connecting",
    "ConnectionLost",
    "Doors1",
    "Doors2",
    "Doors3",
    "Doors4",
    "Doors5",
    "Environment",
    "Error",
    "FollowOptions",
    "Freshness",
    "GroupPosition",
    "HistoryRow",
    "InvalidRequest",
    "Location",
    "Message",
    "NetError",
    "NoAnswer",
    "PasswordNeeded",
    "PasswordWrong",
    "PowerExport",
    "Readings",
    "Record",
    "Result",
    "Role",
    "Seen",
    "ServerFirmware",
    "ServerOptions",
    "Snapshot",
    "Status",
    "SummaryRow",
    "Tyres",
    "Untrusted",
    "Update",
    "UtilisationRow",
    "WelcomeRefused",
    "WheelPressures",
    "api",
    "connect",
    "connect_owner",
    "follow",
    "follow_owner",
    "list_vehicles",
    "sync",
    "tls_context",
]


def __getattr__(name: str) -> Any:
    """Import what is not needed by programs that do not call the API: it takes a while."""
    if name == "api":
        return importlib.import_module("ovms.app.api")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
