"""The app's side as a library: watch a vehicle and command it from other programs.

::

    from ovms import app

    async with app.connect("example.org", "DEMO", "secret", tls=True) as car:
        print(car.snapshot.status.soc)
        answers = await car.command("lock", "1234")

:mod:`ovms.app.sync` has the same for programs without an event loop. ``docs/library.md`` says what
stays stable: the names of ``__all__``.
"""

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
from ovms.protocol.records.alert import AlertKind

__all__ = ["AlertKind", "Answer", "AnswerInUse", "App", "CommandFailed", "ConnectFailed",
           "ConnectOptions", "Connecting", "ConnectionLost", "Error", "FollowOptions",
           "HistoryRow", "InvalidRequest", "Message", "NetError", "NoAnswer", "PasswordNeeded",
           "PasswordWrong", "Result", "Role", "Seen", "ServerOptions", "Snapshot", "SummaryRow",
           "Untrusted", "Update", "UtilisationRow", "WelcomeRefused", "connect", "connect_owner",
           "follow", "follow_owner", "list_vehicles", "sync", "tls_context"]  # fmt: skip
