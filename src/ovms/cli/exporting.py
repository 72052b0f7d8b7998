"""How commands write an export: page by page into a new file, with progress."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress
from sqlalchemy import func, select

from ovms.base.paths import new_private_file
from ovms.cli.common import fail
from ovms.server.storage.exporting import ExportSink
from ovms.server.storage.schema import history_counts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from ovms.server.storage.database import Database
    from ovms.server.storage.exporting import Counted, Steps


def write_export(
    db: Database,
    file: Path,
    vehicle_ids: Sequence[str],
    make: Callable[[ExportSink, Counted], Steps],
) -> None:
    """Write an export of vehicles into a new file; without its end there is none.

    Each page is read by itself: a server beside it is not held up. ``make`` returns the steps.
    """
    c = history_counts.c
    query = select(func.coalesce(func.sum(c.records), 0)).where(c.vehicle_id.in_(vehicle_ids))
    with db.reading() as connection:
        total = int(connection.scalar(query) or 0)
    sink = ExportSink()
    try:
        with shown("records", total) as advance, new_private_file(file) as out:
            steps = make(sink, advance)
            result = None
            while True:
                try:
                    wanted = steps.send(result)
                except StopIteration:
                    break
                with db.reading() as connection:
                    result = wanted(connection)
                out.write(sink.take())
            out.write(sink.take())
    except OSError as error:
        fail(f"{file} cannot be written: {error.strerror or error}")


@contextmanager
def shown(what: str, total: int | None) -> Iterator[Callable[[int], object]]:
    """Yield what is told how many more are done, and shows it on a terminal.

    A ``total`` of ``None`` is unknown: only that it goes on is shown.
    """
    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task(what, total=total)
        yield lambda count: progress.advance(task, count)
