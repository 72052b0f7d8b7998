"""How commands end what they erase: nothing of it is left in the database's files."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from ovms.server.storage.erasing import purge
from ovms.server.storage.errors import DatabaseLocked

if TYPE_CHECKING:
    from ovms.server.storage.database import Database

LATER = "what was erased leaves the database's files within an hour: others use it now"


def finish_erasing(db: Database) -> None:
    """Delete the rest of large histories, and have the files hold nothing of what is deleted.

    Says so if others keep it from the last.
    """
    try:
        _purge(db)
        is_gone = asyncio.run(db.forget_deleted())
    except DatabaseLocked:  # what is left is marked: a server deletes it, or the next such command
        is_gone = False
    if not is_gone:
        print(f"ovms: {LATER}", file=sys.stderr)


def _purge(db: Database) -> None:
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("records", total=None)
        purge(db, lambda done, total: progress.update(task, completed=done, total=total))
