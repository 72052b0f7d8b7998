"""A vehicle type as a folder: ``NAME.dbc`` and ``vehicle.toml``, read and checked as a whole."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ovms.car.alert_limits import DEFAULTS, AlertLimits, LimitPath, changed_limits
from ovms.car.state import Topic
from ovms.car.vehicles.data.buses import BusNames, read_buses, sent_ids
from ovms.car.vehicles.data.command_frames import CommandFrames, Poll, read_orders, read_questions
from ovms.car.vehicles.data.dbc import BusFile, BusSignal, read_dbc
from ovms.car.vehicles.data.derived import DerivedField, read_derived
from ovms.car.vehicles.data.fields import TOPICS
from ovms.car.vehicles.data.links import IsoTpLink, read_links
from ovms.car.vehicles.data.models import VehicleHeader, read_entry
from ovms.car.vehicles.data.problems import Document, Problem, VehicleTypeError
from ovms.car.vehicles.data.silence import Silence, read_silences
from ovms.car.vehicles.data.targets import SignalTarget, by_message, looked_at, read_targets
from ovms.car.vehicles.data.text import decode_text, marked_encoding, read_file
from ovms.car.vehicles.interface import MAPPING

LONGEST_STALE = 86400.0
"""Seconds until a reading is old, at most."""


@dataclass(frozen=True, slots=True)
class VehicleType:
    """What the cars of a type have in common."""

    name: str
    car_type: str
    """The vehicle type in ``F``, for example ``TR``."""
    description: str
    bitrate: int | None
    """Bits a second on the bus, if that is known."""
    bus: BusFile
    targets: Mapping[str, Mapping[str, tuple[SignalTarget, ...]]]
    """What signals fill, by message and signal."""
    watched: Mapping[str, Mapping[str, BusSignal]]
    """The signals that conditions test, by message and signal."""
    signals: Mapping[str, BusSignal]
    """The same by full name."""
    pieces: int
    """The number of pieces of the VIN; 0 if the bus does not carry it."""
    stale: Mapping[Topic, float]
    links: Mapping[str, IsoTpLink]
    questions: tuple[Poll, ...]
    orders: Mapping[int, CommandFrames]
    silences: tuple[Silence, ...]
    buses: BusNames
    derived: tuple[DerivedField, ...] = ()
    alerts: AlertLimits = DEFAULTS
    warnings: tuple[Problem, ...] = ()
    """What may be wrong with the folder, in the order of the files."""

    @property
    def commands(self) -> frozenset[int]:
        """The commands that cars of this type carry out, if the module may write to them."""
        return frozenset(self.orders)

    @property
    def commands_links(self) -> bool:
        """Whether some of its commands are requests on links."""
        return any(frame.link for order in self.orders.values() for frame in order.frames)

    @property
    def messages(self) -> frozenset[str]:
        """The messages that it reads."""
        return frozenset({
            *self.targets, *self.watched, *(each.message for each in self.silences),
            *(link.message for link in self.links.values()),
        })  # fmt: skip

    @property
    def readings(self) -> int:
        """How many fields signals fill."""
        return sum(len(each) for signals in self.targets.values() for each in signals.values())


def read_folder(folder: Path) -> VehicleType:
    """Return the type in a folder. Raise :class:`VehicleTypeError` with all that is wrong."""
    name = folder.resolve().name
    problems: list[Problem] = []
    document = _read_mapping(folder / MAPPING, problems)
    path = _find_dbc(folder, name)
    bus = _read_bus(path, _needed(document.values) if document else set(), problems)
    made = _make(name, document, bus) if document else None
    problems += [*document.problems, *document.warnings] if document else []
    problems += bus.problems(str(path), made.buses.are_apart if made else None) if bus else []
    problems = sorted(set(problems))
    if made is None or any(problem.is_error for problem in problems):
        raise VehicleTypeError(problems)
    return replace(made, warnings=tuple(problems))


def _find_dbc(folder: Path, name: str) -> Path:
    """Return the path of the DBC file, whose name may be in another case."""
    path = folder / f"{name}.dbc"
    if path.exists():
        return path
    alike = (each for each in folder.glob("*.*") if each.name.casefold() == path.name.casefold())
    return next(alike, path)


def _read_mapping(path: Path, problems: list[Problem]) -> Document | None:
    try:
        data = read_file(path)
        if marked_encoding(data) is None:
            return Document(str(path), data.decode())
        return Document(str(path), decode_text(data))
    except UnicodeDecodeError:
        problems.append(Problem(str(path), 1, "it is not UTF-8 text"))
    except VehicleTypeError as error:
        problems += error.problems
    return None


def _needed(values: Any, *, is_formula: bool = False) -> set[str]:
    """Return the names in a mapping that may be those of signals: keys, and words of formulas."""
    if isinstance(values, str):
        return set(re.findall(r"[^\W\d][\w.]*", values)) if is_formula else set()
    if isinstance(values, list):
        return {name for each in values for name in _needed(each, is_formula=is_formula)}
    if not isinstance(values, Mapping):
        return set()
    return set(values).union(
        *(_needed(each, is_formula=is_formula or key == "derived") for key, each in values.items())
    )


def _read_bus(path: Path, needed: Collection[str], problems: list[Problem]) -> BusFile | None:
    try:
        return read_dbc(str(path), decode_text(read_file(path)), needed)
    except VehicleTypeError as error:
        problems += [*error.problems, *error.warnings]
    return None


def _make(name: str, document: Document, bus: BusFile | None) -> VehicleType | None:
    """Check the mapping; without a DBC file, only what does not need one."""
    head = _read_head(document)
    stale = _read_stale(head, document)
    alerts = _read_alerts(head, document)
    links = read_links(head.isotp, bus, document)
    orders = read_orders(head.commands, links, document)
    if bus is None:
        return None
    targets = read_targets(head.signals, bus, document)
    questions = tuple(read_questions(head.ask, bus, links, document))
    silences = tuple(read_silences(head.silence, bus, document))
    sent = sent_ids(links, questions, orders.values())
    buses = read_buses(head, bus, links, sent, document)
    derived = read_derived(head.derived, targets, bus, document)
    conditions = [*(each.when for each in questions), *(each.when for each in silences)]
    names = set(looked_at(targets, conditions)).union(*(each.looked_at for each in derived))
    signals = {each: bus.find(each)[0] for each in names if bus.find(each)}
    watched: dict[str, dict[str, BusSignal]] = {}
    for signal in signals.values():
        watched.setdefault(signal.message.name, {})[signal.signal.name] = signal
    pieces = max((target.piece for target in targets), default=0)
    return VehicleType(
        name, head.car_type, head.description, head.bitrate, bus, by_message(targets), watched,
        signals, pieces, stale, links, questions, orders, silences, buses, derived, alerts,
    )  # fmt: skip


def _read_head(document: Document) -> VehicleHeader:
    """Return the mapping's entries. If they are wrong, go on with those that are usable."""
    head = read_entry(VehicleHeader, document.values, document, ())
    if head is not None:
        return head
    sections: dict[str, type] = {
        "signals": dict, "derived": dict, "stale": dict, "silence": list, "isotp": list,
        "ask": list, "commands": dict, "buses": dict, "alerts": dict,
    }  # fmt: skip
    good: dict[str, Any] = {
        key: document.values[key]
        for key, kind in sections.items()
        if isinstance(document.values.get(key), kind)
    }
    return VehicleHeader(car_type="X", description="not read", **good)


def _read_stale(head: VehicleHeader, document: Document) -> dict[Topic, float]:
    stale: dict[Topic, float] = {}
    for name, seconds in head.stale.items():
        path = ("stale", name)
        if name not in TOPICS:
            document.report(path, f"no topic {name!r}: there are {', '.join(TOPICS)}")
        elif isinstance(seconds, bool) or not isinstance(seconds, int | float):
            document.report(path, f"{name}: the age is a number of seconds")
        elif not 0 < seconds <= LONGEST_STALE:
            document.report(path, f"{name}: above 0 and up to {LONGEST_STALE:g} seconds")
        else:
            stale[TOPICS[name]] = float(seconds)
    return stale


def _read_alerts(head: VehicleHeader, document: Document) -> AlertLimits:
    def report(path: LimitPath, problem: str) -> None:
        document.report(("alerts", *path), problem)

    return changed_limits(DEFAULTS, head.alerts, report)
