"""Links to control units that answer requests: ``[[isotp]]``, checked.

A link is a pair of ids. Requests go to one; answers of up to 4095 bytes come from the other, split
into frames by ISO-TP (ISO 15765-2). An answer is read as the DBC file's message with the id of the
answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cantools.database import Message

from ovms.car.vehicles.data.dbc import BusFile
from ovms.car.vehicles.data.encodings import Template
from ovms.car.vehicles.data.models import MOST_ID, LinkEntry, read_entry
from ovms.car.vehicles.data.problems import Document, Path
from ovms.car.vehicles.data.targets import guess
from ovms.car.vehicles.data.transport import FRAME_BYTES, PADDING

LONGEST_REQUEST = 7
"""Bytes of a request: one frame."""

MOST_LINKS = 32
"""Links of a vehicle. Each may hold an incomplete answer of 4 kB."""

MOST_STANDARD_ID = 0x7FF


@dataclass(frozen=True, slots=True)
class IsoTpLink:
    """A link to one control unit."""

    name: str
    request: int
    """The control unit's own id, to which it is told to go on with a long answer."""
    response: int
    """The id of its answers."""
    is_extended: bool
    functional: int | None
    """The id of requests to all control units, if it is used instead of the own id."""
    message: str
    """The DBC file's message for its answers."""
    units: int = 1
    """How many control units there may be, with ids that follow."""
    read_as: tuple[int, bool] | None = None
    """The id of that message, if it is not that of answers."""

    def request_of(self, number: int) -> int:
        """Return the id of a control unit, the first of which is 0.

        Ids of 29 bits name the sender in their last byte, and the receiver in the one before.
        """
        return self.request + (number << 8 if self.is_extended else number)

    @property
    def numbers(self) -> list[int]:
        """The numbers of its control units, without the one that is the tester itself."""
        every = range(self.units)
        return [each for each in every if self.request_of(each) != self.response + each]

    @property
    def responses(self) -> list[tuple[int, bool]]:
        """The ids of answers of all its control units."""
        return [(self.response + number, self.is_extended) for number in self.numbers]

    @property
    def asked_by(self) -> int:
        """The id of requests."""
        return self.request if self.functional is None else self.functional


Links = Mapping[str, IsoTpLink]


def framed(request: Template) -> Template:
    """Return the frame that holds a request: its length, the request, padding."""
    size = request.size
    return Template((bytes([size]), *request.parts, PADDING * (FRAME_BYTES - 1 - size)))


def read_links(written: list[Any], bus: BusFile | None, document: Document) -> dict[str, IsoTpLink]:
    """Return the links of ``[[isotp]]`` by name. Report what is wrong."""
    links: dict[str, IsoTpLink] = {}
    for at, each in enumerate(written):
        path: Path = ("isotp", at)
        entry = read_entry(LinkEntry, each, document, path)
        if entry is not None:
            link = _make(entry, bus, document, path)
            _check_others(link, links, document, path)
            links.setdefault(link.name, link)
    if len(written) > MOST_LINKS:
        document.report(("isotp", MOST_LINKS), f"there are more than {MOST_LINKS} links")
    return links


def _make(entry: LinkEntry, bus: BusFile | None, document: Document, path: Path) -> IsoTpLink:
    for key in ("request", "response", "functional"):
        check_id(getattr(entry, key), entry.extended, document, (*path, key))
    if entry.response in (entry.request, entry.functional):
        text = f"id {entry.response:#x} cannot be both of requests and of answers"
        document.report((*path, "response"), text)
    if entry.units > 1 and entry.functional is None:
        document.report((*path, "units"), "several control units are asked by a functional id")
    message = _find_message(entry, bus, document, path) if bus else None
    link = IsoTpLink(
        entry.name, entry.request, entry.response, entry.extended, entry.functional,
        message.name if message else "", entry.units,
        (message.frame_id, message.is_extended_frame) if message else None,
    )  # fmt: skip
    if link.units > 1:
        _check_units(link, document, path)
    return link


def _check_units(link: IsoTpLink, document: Document, path: Path) -> None:
    """Report ids of several control units that do not exist, or mean two things."""
    most = MOST_ID if link.is_extended else MOST_STANDARD_ID
    answers = {id_ for id_, _ in link.responses}
    requests = {link.asked_by, *(link.request_of(number) for number in link.numbers)}
    if max(answers | requests) > most:
        document.report((*path, "units"), f"the id of the last unit is above {most:#x}")
    if answers & requests:
        text = f"id {min(answers & requests):#x} would be both of requests and of answers"
        document.report((*path, "units"), text)


def _find_message(entry: LinkEntry, bus: BusFile, document: Document, path: Path) -> Message | None:
    """Return the message by which answers are read. Report it if there is none."""
    if entry.message is not None:
        named = bus.message(entry.message)
        if named is None:
            text = (
                f"the DBC file has no message {entry.message}{guess(entry.message, bus.messages)}"
            )
            document.report((*path, "message"), text)
        return named
    messages = bus.messages_of(entry.response, entry.extended)
    if not messages:
        text = f"the DBC file has no message with the id {entry.response:#x}"
        document.report((*path, "response"), text)
    return messages[0] if messages else None


def _check_others(link: IsoTpLink, others: Links, document: Document, path: Path) -> None:
    if link.name in others:
        document.report((*path, "name"), f"there is a link {link.name!r} already")
    for key in ("request", "response"):
        id_ = getattr(link, key)
        for other in others.values():
            if id_ == getattr(other, key) and link.is_extended == other.is_extended:
                text = f"{key} {id_:#x} is that of {other.name!r} already"
                document.report((*path, key), text)
    for other in others.values():
        shared = {*link.responses} & {*other.responses}
        if shared and link.response != other.response:
            text = f"response {min(shared)[0]:#x} is that of {other.name!r} already"
            document.report((*path, "response"), text)


def check_id(number: int | None, is_extended: bool, document: Document, path: Path) -> None:
    """Report an id that is longer than it may be."""
    if number is not None and number > MOST_STANDARD_ID and not is_extended:
        document.report(path, f"id {number:#x} has more than 11 bits: extended = true")


def find_link(name: str, links: Links, document: Document, path: Path) -> IsoTpLink | None:
    """Return a link by name. Report a missing one."""
    if name not in links:
        document.report(path, f"no link {name[:20]!r} in [[isotp]]{guess(name, links)}")
    return links.get(name)
