"""The table of message codes: what the language says of each letter, one row a code.

Server, car, app and terminal ask :data:`CODES` and keep no sets of letters of their own. What is
done with a message stays where it is done; the row says only whether something is done.

A code without a row is a message that nobody knows: it is stored and forwarded as it came from a
car, and passed on to the car as it came from an interactive app. :data:`UNKNOWN` says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum, Flag, auto

from ovms.protocol.messages import Message
from ovms.protocol.modules import ModuleKind
from ovms.protocol.records import (
    Alert,
    Capabilities,
    CarFirmware,
    Content,
    Environment,
    GroupPosition,
    Location,
    Peers,
    Ping,
    PingAnswer,
    PowerExport,
    Record,
    ServerFirmware,
    Status,
    Tyres,
    UpdateAge,
    WheelPressures,
)


class Sender(Flag):
    """Who may say a code."""

    CAR = auto()
    CLIENT = auto()
    """An interactive app or a batch client."""
    SERVER = auto()
    """The server, to cars and clients."""
    PEER = auto()
    """A server, to another server."""


class FromCar(Enum):
    """What a server does with a code that comes from a car."""

    STORED = "stored and sent to the clients"
    HANDLED = "handled by the server"
    DROPPED = "dropped"


class FromClient(Enum):
    """What a server does with a code that comes from a client."""

    PASSED_ON = "passed on to the car"
    """As it came from an interactive app; from a batch client it is dropped."""
    HANDLED = "handled by the server"
    DROPPED = "dropped"


class Sealing(Enum):
    """How a code travels in paranoid mode, and what a server does with a sealed one."""

    STORED = "sealed, and stored"
    FORWARDED = "sealed, and forwarded only"
    PLAIN = "plain"
    """A module does not seal it; a server forwards it if it comes sealed all the same."""
    NEVER = "plain, and dropped when it comes sealed"


class Relay(Enum):
    """Whether a car's message goes to other servers."""

    ALWAYS = "yes"
    """It is taken from another server even if that does not say that the car is there."""
    WITH_CAR = "while the car is connected"
    NEVER = "no"


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageCode:
    """One row of the table. The defaults are what holds for a code that nobody knows."""

    code: str
    """One character, the byte as Latin-1."""
    meaning: str
    said_by: Sender
    from_car: FromCar = FromCar.STORED
    from_client: FromClient = FromClient.PASSED_ON
    sealing: Sealing = Sealing.STORED
    relay: Relay = Relay.WITH_CAR
    is_telemetry: bool = False
    """It changes while the car runs: a module repeats it, and the server logs its changes."""
    is_position: bool = False
    """Its log is kept for a time of its own, since it shows where the car was."""
    tells_place: bool = True
    """It may tell where a vehicle is: what nobody knows may."""
    is_about_link: bool = False
    """It is about the connection or carries a command, and says nothing of the vehicle."""
    is_receipt: bool = False
    """It tells a car that something has arrived."""
    login_rank: int = 9
    """The latest messages are sent to a client by rank, those of one rank by code."""
    record: type[Content] | None = None
    """What reads and writes its data."""
    is_stored: bool = field(init=False)
    """It is stored when a car says it. Made once from ``from_car``: each message asks for it."""
    is_passed_on: bool = field(init=False)
    """It goes to the car when an interactive app says it; made once likewise."""

    def __post_init__(self) -> None:
        """Complete the row. Raises ``ValueError`` for one that contradicts itself."""
        if len(self.code) > 1 or self.code > "\xff":
            raise ValueError(f"{self.code!r} is no message code")
        if self.record is not None and self.code != self.record.CODE:
            raise ValueError(f"{self.record.__name__} is not the record of {self.code!r}")
        object.__setattr__(self, "is_stored", self.from_car is FromCar.STORED)
        object.__setattr__(self, "is_passed_on", self.from_client is FromClient.PASSED_ON)
        if self.is_telemetry and not self.is_stored:
            raise ValueError(f"{self.code!r} is logged, so it must be stored")
        if self.is_position and not self.is_telemetry:
            raise ValueError(f"{self.code!r} is a position, so it must be logged")
        if self.is_position and not self.tells_place:
            raise ValueError(f"{self.code!r} is a position, so it tells a place")

    @property
    def is_sealed(self) -> bool:
        """Return whether a module in paranoid mode seals it."""
        return self.sealing in (Sealing.STORED, Sealing.FORWARDED)

    @property
    def is_only_servers(self) -> bool:
        """Return whether a server says it to clients, and neither cars nor clients say it."""
        others = Sender.CAR | Sender.CLIENT
        return Sender.SERVER in self.said_by and not self.said_by & others

    @property
    def is_passed_on_by_peers(self) -> bool:
        """Return whether another server passes it on to the car for its interactive apps.

        What only cars say comes from a server that does not know yet that the car is here.
        """
        return self.is_passed_on and self.relay is not Relay.ALWAYS


UNKNOWN = MessageCode(
    code="", meaning="a message that nobody knows", said_by=Sender.CAR | Sender.CLIENT
)
"""The row of every code that has none of its own."""


class MessageCodes(dict[str, MessageCode]):
    """The rows by code. Looking up a code without a row gives :data:`UNKNOWN`."""

    def __init__(self, rows: Iterable[MessageCode]) -> None:
        super().__init__()
        for row in rows:
            self.add(row)

    def __missing__(self, code: str) -> MessageCode:
        return UNKNOWN

    def add(self, row: MessageCode) -> None:
        """Add a row. Raises ``ValueError`` for a code that has one."""
        if row.code in self or not row.code:
            raise ValueError(f"{row.code!r} cannot have another row")
        self[row.code] = row

    @property
    def records(self) -> dict[str, type[Content]]:
        """The records by code."""
        return {code: row.record for code, row in self.items() if row.record is not None}


_CAR, _CLIENT, _SERVER, _PEER = Sender.CAR, Sender.CLIENT, Sender.SERVER, Sender.PEER
_ALL = _CAR | _CLIENT | _SERVER | _PEER

CODES = MessageCodes(
    [
        MessageCode(
            code="A", meaning="ping", said_by=_ALL, record=Ping,
            from_car=FromCar.HANDLED, from_client=FromClient.HANDLED, sealing=Sealing.NEVER,
            relay=Relay.NEVER, is_about_link=True,
            tells_place=False,
        ),
        MessageCode(
            code="a", meaning="answer to a ping", said_by=_ALL, record=PingAnswer,
            from_car=FromCar.HANDLED, from_client=FromClient.DROPPED, sealing=Sealing.NEVER,
            relay=Relay.NEVER, is_about_link=True, is_receipt=True,
            tells_place=False,
        ),
        MessageCode(
            code="C", meaning="command to the car", said_by=_CLIENT,
            from_car=FromCar.DROPPED, from_client=FromClient.HANDLED, sealing=Sealing.FORWARDED,
            relay=Relay.NEVER, is_about_link=True,
            tells_place=False,
        ),
        MessageCode(
            code="c", meaning="answer to a command", said_by=_CAR | _SERVER,
            from_car=FromCar.HANDLED, from_client=FromClient.DROPPED, sealing=Sealing.FORWARDED,
            relay=Relay.NEVER, is_about_link=True,
            tells_place=False,
        ),
        MessageCode(
            code="D", meaning="doors, temperatures, trip", said_by=_CAR, record=Environment,
            relay=Relay.ALWAYS, is_telemetry=True,
            tells_place=False,
        ),
        MessageCode(
            code="E", meaning="paranoid mode: its token, or a sealed message",
            said_by=_CAR | _CLIENT,
            from_car=FromCar.HANDLED, from_client=FromClient.HANDLED, sealing=Sealing.NEVER,
        ),
        MessageCode(
            # Apps read units and vehicle type from F and S before anything else.
            code="F", meaning="firmware of the car", said_by=_CAR, record=CarFirmware,
            relay=Relay.ALWAYS, login_rank=0,
            tells_place=False,
        ),
        MessageCode(
            code="f", meaning="version of the server", said_by=_SERVER, record=ServerFirmware,
            from_car=FromCar.DROPPED, from_client=FromClient.DROPPED, sealing=Sealing.FORWARDED,
            relay=Relay.NEVER,
            tells_place=False,
        ),
        MessageCode(
            # Firmware before 3.3.005 sends its power export as G.
            code="G", meaning="subscription to a group", said_by=_CLIENT | _CAR,
            from_client=FromClient.HANDLED, sealing=Sealing.FORWARDED,
        ),
        MessageCode(
            code="g", meaning="position for a group", said_by=_CAR, record=GroupPosition,
            from_car=FromCar.HANDLED, from_client=FromClient.DROPPED, sealing=Sealing.PLAIN,
            relay=Relay.ALWAYS,
        ),
        MessageCode(
            code="H", meaning="record for the history", said_by=_CAR,
            from_car=FromCar.HANDLED, sealing=Sealing.FORWARDED, relay=Relay.ALWAYS,
        ),
        MessageCode(
            code="h", meaning="record for the history, to be acknowledged; the acknowledgement",
            said_by=_CAR | _SERVER,
            from_car=FromCar.HANDLED, sealing=Sealing.FORWARDED, relay=Relay.ALWAYS,
            is_receipt=True,
        ),
        MessageCode(
            code="L", meaning="location", said_by=_CAR, record=Location,
            relay=Relay.ALWAYS, is_telemetry=True, is_position=True,
        ),
        MessageCode(
            code="P", meaning="alert", said_by=_CAR | _CLIENT | _SERVER, record=Alert,
            from_car=FromCar.HANDLED, from_client=FromClient.HANDLED, sealing=Sealing.PLAIN,
            relay=Relay.ALWAYS,
        ),
        MessageCode(
            code="p", meaning="subscription to alerts", said_by=_CLIENT,
            from_car=FromCar.DROPPED, from_client=FromClient.HANDLED, sealing=Sealing.FORWARDED,
            relay=Relay.NEVER,
        ),
        MessageCode(code="R", meaning="record that servers share", said_by=_PEER),
        MessageCode(code="r", meaning="message of one vehicle", said_by=_PEER),
        MessageCode(
            code="S", meaning="status of battery and charge", said_by=_CAR, record=Status,
            relay=Relay.ALWAYS, is_telemetry=True, login_rank=1,
            tells_place=False,
        ),
        MessageCode(
            # From a car it counts only through another server: how old the next message is.
            code="T", meaning="age of a message", said_by=_SERVER | _PEER, record=UpdateAge,
            from_car=FromCar.HANDLED, from_client=FromClient.DROPPED, sealing=Sealing.FORWARDED,
            is_about_link=True,
            tells_place=False,
        ),
        MessageCode(
            code="V", meaning="commands that the car supports", said_by=_CAR, record=Capabilities,
            relay=Relay.ALWAYS,
            tells_place=False,
        ),
        MessageCode(
            code="W", meaning="tyre pressures", said_by=_CAR, record=WheelPressures,
            relay=Relay.ALWAYS, is_telemetry=True,
            tells_place=False,
        ),
        MessageCode(
            code="X", meaning="power export", said_by=_CAR, record=PowerExport,
            relay=Relay.ALWAYS, is_telemetry=True,
            tells_place=False,
        ),
        MessageCode(
            code="Y", meaning="tyres", said_by=_CAR, record=Tyres,
            relay=Relay.ALWAYS, is_telemetry=True,
            tells_place=False,
        ),
        MessageCode(
            code="Z", meaning="who is connected", said_by=_SERVER | _PEER, record=Peers,
            from_car=FromCar.DROPPED, from_client=FromClient.DROPPED, sealing=Sealing.FORWARDED,
            relay=Relay.NEVER, is_about_link=True,
            tells_place=False,
        ),
        MessageCode(code="z", meaning="apps that watch at another server", said_by=_PEER),
    ]
)  # fmt: skip
"""What the guide and the programs in the field say of each code.

Cars and apps do not say ``R``, ``r`` and ``z``, which only servers say to each other. What comes
from them under these codes is a message that nobody knows.
"""


def parse_content(message: Message, module: ModuleKind = ModuleKind.ESP32) -> Content | None:
    """Return a message's content; ``None`` if it has no record, or is none at all. Never fails.

    ``module`` is the sender's; with it, numbers are in the units of the record's table.
    """
    record = CODES[message.code].record
    content = None if record is None else record.parse(message.data)
    is_pic = module is ModuleKind.PIC
    return content.from_pic() if is_pic and isinstance(content, Record) else content
