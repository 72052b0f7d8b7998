"""The buses of a car that has several: ``bus`` and ``[buses]``, checked.

The same id may mean something else on each bus, so a message counts only from its own. A frame that
does not say its bus (:attr:`~ovms.car.frames.Frame.channel`) counts for all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ovms.car.frames import Frame
from ovms.car.vehicles.data.command_frames import CommandFrames, Poll
from ovms.car.vehicles.data.dbc import BusFile
from ovms.car.vehicles.data.links import Links
from ovms.car.vehicles.data.models import BusEntry, VehicleHeader, read_entry
from ovms.car.vehicles.data.problems import Document, Path
from ovms.car.vehicles.data.targets import guess


@dataclass(frozen=True, slots=True)
class BusNames:
    """Which messages come from which bus, and which frames go to which."""

    default: str = ""
    """The bus of everything else; empty if that may be any."""
    messages: Mapping[str, str] = field(default_factory=dict)
    sent: Mapping[int, str] = field(default_factory=dict)
    """Buses by ids of frames to send."""
    bitrates: Mapping[str, int] = field(default_factory=dict)
    """Bits a second, where the type has another speed for a bus."""
    names: frozenset[str] = frozenset()
    """All buses."""

    def takes(self, message: str, channel: str) -> bool:
        """Return whether a message counts if it comes from a channel."""
        bus = self.messages.get(message, self.default)
        return not bus or not channel or bus == channel

    def are_apart(self, one: str, other: str) -> bool:
        """Return whether two messages are of different buses."""
        return self.messages.get(one, self.default) != self.messages.get(other, self.default)

    def address(self, frame: Frame) -> Frame:
        """Return a frame to send with the name of its bus."""
        bus = self.sent.get(frame.id, self.default)
        return frame._replace(channel=bus) if bus else frame


def read_buses(
    head: VehicleHeader, bus: BusFile | None, links: Links, sent: Iterable[int], document: Document
) -> BusNames:
    """Return the buses that a mapping names. Report what is wrong.

    Requests on a link go to the bus of its answers. ``sent`` are the ids of all frames to send.
    """
    messages: dict[str, str] = {}
    ids: dict[int, str] = {}
    bitrates: dict[str, int] = {}
    if head.buses and not head.bus:
        document.report(("buses",), "bus is missing above: the bus of all other messages")
    known, sendable = bus.messages if bus is not None else None, frozenset(sent)
    for name, each in head.buses.items():
        path: Path = ("buses", name)
        entry = read_entry(BusEntry, each, document, path)
        if not _is_name(name):
            document.report(path, f"{name[:20]!r} is no name: up to 20 letters, digits, _ and -")
        if entry is None:
            continue
        if entry.bitrate is not None:
            bitrates[name] = entry.bitrate
        for at, message in enumerate(entry.messages):
            where = (*path, "messages", at)
            if messages.setdefault(message, name) != name:
                document.report(where, f"{message} is of {messages[message]} already")
            if known is not None and message not in known:
                text = f"the DBC file has no message {message}{guess(message, known)}"
                document.report(where, text)
        for at, number in enumerate(entry.sends):
            if ids.setdefault(number, name) != name:
                text = f"{number:#x} is sent to {ids[number]} already"
                document.report((*path, "sends", at), text)
            if number not in sendable:
                document.report((*path, "sends", at), f"nothing is sent with the id {number:#x}")
    for link in links.values():
        if link.message in messages:
            ids.setdefault(link.request, messages[link.message])
            ids.setdefault(link.asked_by, messages[link.message])
    names = frozenset({*head.buses, head.bus} - {""})
    return BusNames(head.bus, messages, ids, bitrates, names)


def sent_ids(
    links: Links, questions: Iterable[Poll], orders: Iterable[CommandFrames]
) -> frozenset[int]:
    """Return the ids of all frames that a type sends."""
    return frozenset({
        *(id_ for link in links.values() for id_ in (link.request, link.asked_by)),
        *(question.id for question in questions),
        *(frame.id for order in orders for frame in order.frames),
    })  # fmt: skip


def _is_name(text: str) -> bool:
    plain = text.replace("-", "").replace("_", "")
    return text.isascii() and plain.isalnum() and len(text) <= 20
