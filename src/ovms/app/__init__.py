"""The app's side: watch a vehicle and command it, as a library.

::

    async with await open_app("example.org", 6867, "DEMO", "secret") as app:
        print(app.snapshot.status.soc)
        answers = await app.command("lock", "1234")
"""

from ovms.app.client import App, NoAnswer, open_app, open_app_as_owner
from ovms.app.listings import CommandFailed, HistoryRow, SummaryRow, UtilisationRow
from ovms.app.paranoid import PasswordNeeded
from ovms.app.snapshot import Seen, Snapshot

__all__ = ["App", "CommandFailed", "HistoryRow", "NoAnswer", "PasswordNeeded", "Seen", "Snapshot",
           "SummaryRow", "UtilisationRow", "open_app", "open_app_as_owner"]  # fmt: skip
