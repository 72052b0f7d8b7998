"""What the terminal shows of a vehicle: one view of all of it, one table of a group."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from ovms.app.snapshot import Snapshot
from ovms.cli.text import duration, fields_of, printable
from ovms.protocol.codes import CODES
from ovms.protocol.records import (
    CarFirmware,
    GroupPosition,
    Location,
    Record,
    ServerFirmware,
    Status,
    WheelPressures,
)
from ovms.protocol.records.environment import Doors1, Doors2, Environment
from ovms.protocol.records.record import legible

UNKNOWN = "–"

DRAWN = (CarFirmware, Environment, Location, ServerFirmware, Status, WheelPressures)
"""The records that the view shows in lines of its own."""


def view(snapshot: Snapshot, now: float) -> RenderableType:
    """Draw all that is known of a vehicle; ``now`` in Unix seconds."""
    table = Table.grid(padding=(0, 2))
    table.add_column(style="dim")
    table.add_column()
    for name, value in _lines(snapshot):
        table.add_row(name, Text(printable(value)))  # a Text, so that it is not read as markup
    title = Text.assemble((printable(snapshot.vehicle_id), "bold"), "  ", _presence(snapshot, now))
    return Panel(Group(_charge_bar(snapshot), table), title=title, expand=False)


def _presence(snapshot: Snapshot, now: float) -> Text:
    state = Text("online", "green") if snapshot.connected else Text("offline", "yellow")
    if snapshot.updated is not None:
        state.append(f", heard {duration(now - snapshot.updated)} ago", "default")
    return state


def _charge_bar(snapshot: Snapshot) -> RenderableType:
    soc = snapshot.status.soc
    if soc is None:
        return Text("state of charge unknown", "dim")
    bar = Table.grid(padding=(0, 1))
    bar.add_row(ProgressBar(100, soc, width=40), Text(f"{soc:g} %", "bold"))
    return bar


def _lines(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    status, environment = snapshot.status, snapshot.environment
    distance = "km" if status.units == "K" else "mi"
    if snapshot.is_paranoid:
        yield "sealed", _sealed(snapshot)
    yield (
        "range",
        (
            f"{_number(status.estimated_range, distance)} estimated, "
            f"{_number(status.ideal_range, distance)} ideal"
        ),
    )
    yield "charge", _charge(snapshot)
    yield "speed", _number(environment.speed, f"{distance}/h")
    yield (
        "odometer",
        (f"{_number(environment.odometer, distance)}, trip {_number(environment.trip, distance)}"),
    )
    yield "open", _open(snapshot)
    yield "lock", _lock(snapshot)
    yield "temperature", ", ".join(_temperatures(snapshot))
    yield "position", _place(snapshot.location)
    yield "tyres", _tyres(snapshot)
    yield "firmware", legible(snapshot.firmware.firmware or UNKNOWN)
    yield from _others(snapshot)


def _others(snapshot: Snapshot) -> Iterator[tuple[str, str]]:
    """Yield a line for each record that the lines above do not show."""
    for code, seen in sorted(snapshot.messages.items()):
        if isinstance(seen.content, Record) and not isinstance(seen.content, DRAWN):
            yield CODES[code].meaning, fields_of(seen)


def _sealed(snapshot: Snapshot) -> str:
    """Return how far paranoid mode can be read."""
    if snapshot.opener.is_wrong:
        return "the paranoid password does not open it"
    codes = [code for code, seen in sorted(snapshot.messages.items()) if seen.is_sealed]
    if not codes:
        return "opened"
    hint = "" if snapshot.opener.has_password else "; it takes the paranoid password"
    return f"{' '.join(codes)} cannot be read{hint}"


def _charge(snapshot: Snapshot) -> str:
    status = snapshot.status
    words = [legible(status.charge_state or UNKNOWN), legible(status.charge_mode or "")]
    if status.charge_state in ("charging", "topoff", "heating"):
        words.append(f"{_number(status.line_voltage, 'V')} {_number(status.charge_current, 'A')}")
    if status.charge_energy:
        words.append(_number(status.charge_energy, "kWh"))
    return ", ".join(word for word in words if word)


def _open(snapshot: Snapshot) -> str:
    doors_1, doors_2 = snapshot.environment.doors_1, snapshot.environment.doors_2
    if doors_1 is None:
        return UNKNOWN
    names = {
        Doors1.LEFT_DOOR: "left door",
        Doors1.RIGHT_DOOR: "right door",
        Doors1.CHARGE_PORT: "charge port",
    }
    is_open = [name for bit, name in names.items() if doors_1 & bit]
    names_2 = {Doors2.BONNET: "bonnet", Doors2.TRUNK: "trunk"}
    is_open += [name for bit, name in names_2.items() if doors_2 and doors_2 & bit]
    return ", ".join(is_open) or "nothing"


def _lock(snapshot: Snapshot) -> str:
    doors_1, doors_2 = snapshot.environment.doors_1, snapshot.environment.doors_2
    if doors_1 is None or doors_2 is None:
        return UNKNOWN
    words = ["locked" if doors_2 & Doors2.LOCKED else "unlocked"]
    words += ["valet mode"] if doors_2 & Doors2.VALET else []
    words += ["car on"] if doors_1 & Doors1.CAR_ON else ["car off"]
    words += ["hand brake"] if doors_1 & Doors1.HANDBRAKE else []
    return ", ".join(words)


def _temperatures(snapshot: Snapshot) -> Iterator[str]:
    environment = snapshot.environment
    yield f"outside {_number(environment.temperature_ambient, '°C')}"
    yield f"battery {_number(environment.temperature_battery, '°C')}"
    yield f"motor {_number(environment.temperature_motor, '°C')}"
    yield f"electronics {_number(environment.temperature_pem, '°C')}"


def _tyres(snapshot: Snapshot) -> str:
    wheels = snapshot.wheels
    pressures = (wheels.fl_pressure, wheels.fr_pressure, wheels.rl_pressure, wheels.rr_pressure)
    if not any(pressures):
        return UNKNOWN
    return " ".join("?" if p is None else f"{p:g}" for p in pressures) + " psi (fl fr rl rr)"


def _number(value: float | None, unit: str) -> str:
    return UNKNOWN if value is None else f"{value:g} {unit}"


def group_view(snapshot: Snapshot, name: str, now: float) -> RenderableType:
    """Draw where the cars of a group are; ``now`` in Unix seconds."""
    table = Table("vehicle", "charge", "speed", "position", "heard", title=Text(printable(name)))
    for vehicle_id, seen in sorted(snapshot.groups.get(name.upper(), {}).items()):
        position = seen.content
        if isinstance(position, GroupPosition):
            table.add_row(
                Text(printable(legible(vehicle_id))),
                _number(position.soc, "%"),
                _number(position.speed, ""),
                _place(position),
                f"{duration(now - seen.time)} ago",
            )
    return table


def _place(position: Location | GroupPosition) -> str:
    if not position.gps_lock or position.latitude is None or position.longitude is None:
        return "none"
    altitude = _number(position.altitude, "m")
    return f"{position.latitude:.5f} {position.longitude:.5f}, {altitude}"
