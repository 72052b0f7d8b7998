"""What the terminal shows of a vehicle: one view of all of it, one table of a group.

What nobody knows is a dash, never a 0. What the module marks as stale is shown as old. Times are
those of this machine.
"""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ovms.app.snapshot import Snapshot
from ovms.cli.common import printable
from ovms.cli.measures import AS_CAR, ShownUnits, number
from ovms.cli.show_lines import ShownLine, lines, place
from ovms.cli.text import duration
from ovms.protocol.records import GroupPosition, legible

BAR_WIDTH = 40
"""Columns of the bar of the charge."""


@dataclass(frozen=True, slots=True)
class ServerLoss:
    """There is no connection to the server: since when, why, and when it is tried again.

    Times in Unix seconds.
    """

    since: float
    reason: str
    next_try: float


def view(
    snapshot: Snapshot,
    now: float,
    units: ShownUnits = AS_CAR,
    loss: ServerLoss | None = None,
) -> RenderableType:
    """Draw all that is known of a vehicle; ``now`` in Unix seconds.

    With a ``loss`` the server is gone, and what is shown is what it said last.
    """
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for line in lines(snapshot, now, units):
        table.add_row(line.name, _drawn(line))
    title = Text.assemble((printable(snapshot.vehicle_id), "bold"), "  ", _presence(snapshot, now))
    if loss is not None:
        title = Text.assemble(
            (printable(snapshot.vehicle_id), "bold"), "  ", _lost(loss, snapshot, now)
        )
    return Panel(
        Group(*([] if loss is None else [_next_try(loss, now)]), _charge_bar(snapshot), table),
        title=title,
        expand=False,
    )


def _drawn(line: ShownLine) -> Text:
    """Return a line's value; a Text, so that it is not read as markup."""
    text = Text(printable(line.value), line.style)
    if line.link:
        text.stylize(f"link {line.link}")
    return text


def _presence(snapshot: Snapshot, now: float) -> Text:
    state = Text("online", "green") if snapshot.connected else Text("offline", "yellow")
    if snapshot.connected is None:
        state = Text("waiting for the server", "dim")
    if snapshot.updated is not None:
        state.append(f", heard {duration(now - snapshot.updated)} ago", "default")
    return state


def _lost(loss: ServerLoss, snapshot: Snapshot, now: float) -> Text:
    if not snapshot.messages:
        state = Text("no server", "bold red")
        state.append(f" for {duration(now - loss.since)}", "default")
        return state
    state = Text("server lost", "bold red")
    state.append(f" {duration(now - loss.since)} ago", "default")
    if snapshot.updated is not None:
        state.append(f", car heard {duration(now - snapshot.updated)} ago", "default")
    return state


def _next_try(loss: ServerLoss, now: float) -> Text:
    wait = loss.next_try - now
    words = f"trying again in {duration(wait)}" if wait >= 1 else "trying again"
    return Text(printable(f"{loss.reason}; {words}"), "red")


def _charge_bar(snapshot: Snapshot) -> RenderableType:
    soc = snapshot.status.soc
    if soc is None:
        return Text("state of charge unknown", "dim")
    bar = Table.grid(padding=(0, 1))
    bar.add_row(ProgressBar(100, soc, width=BAR_WIDTH), Text(number(soc, "%", 1), "bold"))
    return bar


def group_view(
    snapshot: Snapshot, name: str, now: float, loss: ServerLoss | None = None
) -> RenderableType:
    """Draw where the cars of a group are; ``now`` in Unix seconds."""
    title = Text(printable(name))
    if loss is not None:
        title.append(f"  server lost {duration(now - loss.since)} ago", "bold red")
    table = Table("vehicle", "charge", "speed", "position", "heard", title=title)
    for vehicle_id, seen in sorted(snapshot.groups.get(name.upper(), {}).items()):
        if isinstance(seen.content, GroupPosition):
            position = seen.content.known()
            table.add_row(
                Text(printable(legible(vehicle_id))),
                number(position.soc, "%", 1),
                number(position.speed),
                place(position),
                f"{duration(now - seen.time)} ago",
            )
    return table
