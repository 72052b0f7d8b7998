"""How commands end what they erase: nothing of it is left in the database's files."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from ovms.server.storage.erasing import purge

if TYPE_CHECKING:
    from ovms.server.storage.database import Database

LATER = "what was erased leaves the database's files within an hour: others use it now"


def finish_erasing(db: Database) -> None:
    """Delete the rest of large histories, and have the files hold nothing of what is deleted.

    Says so if others keep it from the last.
    """
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("records", total=None)
        purge(db, lambda done, total: progress.update(task, completed=done, total=total))
    if not asyncio.run(db.forget_deleted()):
        print(f"ovms: {LATER}", file=sys.stderr)
