"""What happens to fields when a message stops coming: ``[[silence]]``.

A control unit that is switched off only falls silent. The silence begins with the last message, or
with a restart of the module. Of a message that never came it says nothing: the car may sleep, and
the module may as well be on another bus.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ovms.car.vehicles.data.conditions import Condition, Look
from ovms.car.vehicles.data.dbc import BusFile
from ovms.car.vehicles.data.fields import FIELDS, StateField
from ovms.car.vehicles.data.models import SilenceEntry, read_entry
from ovms.car.vehicles.data.names import read_condition
from ovms.car.vehicles.data.problems import Document, Path
from ovms.car.vehicles.data.targets import UNKNOWN, as_held, guess, misfit


@dataclass(frozen=True, slots=True)
class Silence:
    """The fields to set after some seconds without a message; ``None`` is unknown."""

    message: str
    after: float
    values: Mapping[StateField, Any]
    when: Condition
    """What must hold when the time is over."""


def read_silences(written: list[Any], bus: BusFile, document: Document) -> Iterator[Silence]:
    """Yield the entries of ``[[silence]]``. Report what is wrong."""
    known = bus.messages
    for at, each in enumerate(written):
        path: Path = ("silence", at)
        entry = read_entry(SilenceEntry, each, document, path)
        if entry is None:
            continue
        if entry.of not in known and (flaws := bus.refuse(entry.of)):
            document.report((*path, "of"), f"{entry.of} cannot be used: {'; '.join(flaws)}")
        elif entry.of not in known:
            text = f"the DBC file has no message {entry.of[:20]!r}{guess(entry.of, known)}"
            document.report((*path, "of"), text)
        values = dict(_read_values(entry.values, document, (*path, "set")))
        when = read_condition(entry.when, bus, document, (*path, "when"))
        yield Silence(entry.of, entry.after, values, when)


def _read_values(
    written: Mapping[str, object], document: Document, path: Path
) -> Iterator[tuple[StateField, Any]]:
    for name, value in written.items():
        field = FIELDS.get(name)
        if field is None:
            document.report(path, f"no field {name[:40]!r}{guess(name, FIELDS)}")
        elif value == UNKNOWN:
            yield field, None
        elif problem := misfit(field, value):
            document.report(path, problem)
        else:
            yield field, as_held(field, value)


class SilenceWatch:
    """Watches which messages of one car have stopped coming."""

    def __init__(self, silences: Iterable[Silence], look: Look) -> None:
        self._look = look
        self._silences: dict[str, list[Silence]] = {}
        for each in silences:
            self._silences.setdefault(each.message, []).append(each)
        self._since: dict[str, float] = {}
        """When each message came last."""
        self._waiting: list[Silence] = []
        """The silences that are not over yet and have not been applied."""

    def hear(self, message: str, now: float) -> None:
        """Note that a message came."""
        if message in self._silences:
            self._since[message] = now
            self._waiting = [each for each in self._waiting if each.message != message]
            self._waiting += self._silences[message]

    def expect(self, message: str, now: float) -> None:
        """Note that a message had come before the module was restarted."""
        if message not in self._since:
            self.hear(message, now)

    def look(self, now: float) -> Iterator[tuple[StateField, Any]]:
        """Yield the fields that silence has changed since the last call, and their new values."""
        for each in self._waiting[:]:
            if now - self._since[each.message] >= each.after:
                self._waiting.remove(each)
                if each.when.holds(self._look):
                    yield from each.values.items()
