"""Car, app, batch client and another server, written once against the library, on every transport.

Here both ends are ours: what one says, the others hear byte for byte, whatever carries it.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from ovms.net.client import ClientConnection, connect
from ovms.net.tls import client_context
from ovms.protocol import Message, Role
from ovms.protocol.crypto import make_token
from ovms.protocol.paranoid import sealed_message
from ovms.protocol.records.sync import OwnerRecord, Replicated, VehicleRecord
from tests.conformance.client import Transport
from tests.conformance.conftest import OWNER, SECRET, SuiteServer
from tests.programs.conftest import run_ovms
from tests.waiting import PATIENCE

NEVER, LATER = ("0000-00-00", "00:00:00"), ("2999-01-01", "00:00:00")

CAR, APP, BATCH, SERVER = "car", "app", "batch", "server"

VERSION = "f" + run_ovms("--version").stdout.split()[-1]


class Party:
    """One end, whose messages are given as text: ``S80,K``; bytes of no text as Latin-1."""

    def __init__(self, connection: ClientConnection, about: str = "") -> None:
        self.connection = connection
        self._about = f"r{about},"
        """What a server says of other vehicles is passed over."""

    def say(self, text: str) -> None:
        """Send a message."""
        self.connection.send(Message(text[0], text[1:].encode("latin-1")))

    async def hear(self) -> str:
        """Wait for the next message; pings are answered and not given."""
        while True:
            async with asyncio.timeout(PATIENCE):
                message = await self.connection.receive()
            text = message.code + message.data.decode("latin-1")
            if message.code == "A":
                self.say("a")
            elif message.code != "r" or text.startswith(self._about):
                return text

    async def settle(self) -> list[str]:
        """Return all that came before the answer to a ping."""
        self.say("A")
        heard = []
        while (text := await self.hear()) != "a":
            heard.append(text)
        return heard


@dataclass(frozen=True)
class Exchange:
    """One message, and what each party hears of it; who is not named hears nothing."""

    says: str
    text: str
    heard: dict[str, list[str]] = field(default_factory=dict)


def report(text: str, behind: str = "") -> Exchange:
    """Make a car's message that is stored: clients get it, then T0; the other server ``r``."""
    clients = [text, *filter(None, [behind]), "T0"]
    return Exchange(CAR, text, {APP: clients, BATCH: clients, SERVER: [replicated(text)]})


def replicated(text: str) -> str:
    """Write a message of the vehicle as servers tell it."""
    return f"rVEHICLE,{text[0]},{text[1:]}"


def told(says: str, text: str, to: str, *heard: str) -> Exchange:
    """Make a message that one other party hears, as it was said unless ``heard`` differs."""
    return Exchange(says, text, {to: list(heard or (text,))})


S = "S80,K,220,13,charging,standard,280,270,16,75,27,124,3,1,0,1,60,1,160,90,60,250,80,1,20,60"
L = "L22.274165,114.185715,90,12,1,1,55.5,123,1F,-12.5,3.4,1.2"
D = "D124,8,4,35,40,25,123,456789,0,3600,18,2,1,1,13.1,2,13.4,0"
F = "F2.5.1,5YJRE1A31A1P01234,18,1,TR,M2M,15000,1789000000,HW,LTE"
G = "TESTGROUP,80,55,90,12,1,1,22.27,114.18"

CONVERSATION = [
    report(S),
    report(L),
    report(D),
    report(F, VERSION),
    report("VC1-6,C10-12,C15-26,C30-32,C40-41,C49"),
    report("W29,18,40,19,29,18,40,19,1"),
    report("Y2,F,R,2,220.5,,0,2,18,19,1,0,-1,0,-1,0,-1"),
    report("X1,1,230,-16,-3.6,94,v2h"),
    report("G1,1,230,-16,-3.6"),
    report("Qnobody,knows\xff\x01"),
    report("S"),
    # what only servers say, and what is no car's or no client's
    *(Exchange(says, text) for says in (CAR, APP, BATCH) for text in ("Z7", "T1", "fmine", "a")),
    Exchange(CAR, "C20,1234"),
    Exchange(CAR, "pphone,gcm,simple,key"),
    Exchange(APP, "c20,0"),
    Exchange(APP, "gTESTGROUP,1"),
    Exchange(BATCH, "Qdropped"),
    # commands and answers
    told(APP, "C20,1234", CAR),
    told(CAR, "c20,0", APP),
    told(BATCH, "C7,stat, with commas", CAR),
    told(CAR, "c7,0,Not charging\rSOC: 80%", BATCH),
    told(APP, "C1", CAR),
    told(CAR, "c1,0,0,16,0", APP),
    told(CAR, "c1,0,15,16,1", APP),
    told(APP, "C31,2030-01-01", APP, "c31,1,No historical data available"),
    Exchange(CAR, "c41,0,news", {APP: ["c41,0,news"], BATCH: ["c41,0,news"],
                                 SERVER: [replicated("c41,0,news")]}),
    told(APP, "Qas,it,is\xfe", CAR),
    # groups
    Exchange(APP, "GTESTGROUP"),
    Exchange(CAR, "g" + G, {APP: ["gVEHICLE," + G], SERVER: [replicated("g" + G)]}),
    # alerts
    *(
        Exchange(
            says,
            text,
            {APP: [text], BATCH: [text]} | ({SERVER: [replicated(text)]} if says == CAR else {}),
        )
        for says in (CAR, APP, BATCH)
        for text in (f"PAalert, of {says}", f"PIinformation of {says}")
    ),
    Exchange(APP, "p"),
    # history
    Exchange(CAR, "H*-LOG-Trip,1,60,data,x", {SERVER: [replicated("H*-LOG-Trip,1,60,data,x")]}),
    Exchange(
        CAR,
        "h7,-10,*-LOG-Trip,1,60,data,y",
        {SERVER: [replicated("h7,-10,*-LOG-Trip,1,60,data,y")]},
    ),
    # the other server
    told(SERVER, "rVEHICLE,Q,of an app there", CAR, "Qof an app there"),
    told(SERVER, "rVEHICLE,z,2", CAR, "Z3"),
    told(SERVER, "rVEHICLE,C,22,1234", CAR, "C22,1234"),
    told(CAR, "c22,0", SERVER, replicated("c22,0")),
    # sealed, at the end: behind such an answer the server waits a while for more rows
    Exchange(CAR, "ETtoken", {party: ["ETtoken"] for party in (APP, BATCH)}
             | {SERVER: [replicated("ETtoken")]}),
    report("EMSsealed"),
    told(APP, "EMCsealed", CAR),
    told(CAR, "EMcsealed", APP),
    told(APP, "EMQsealed", CAR),
    Exchange(CAR, "EMAsealed"),
    Exchange(APP, "ETmine"),
]  # fmt: skip
"""Every code of the guide, in each direction in which it may be said."""


@dataclass
class Meeting:
    """Everybody who is connected to one vehicle."""

    vehicle: str
    parties: dict[str, Party]

    async def settle(self) -> dict[str, list[str]]:
        """Return what each has heard; the speaker of the last message comes first in the dict."""
        return {name: await party.settle() for name, party in self.parties.items()}


def trust(suite_server: SuiteServer, transport: Transport) -> ssl.SSLContext | None:
    """Trust the server's own certificate where there is TLS."""
    return client_context(suite_server.data / "tls" / "cert.pem") if transport.is_tls else None


@pytest.fixture(scope="session")
def other_server(suite_server: SuiteServer) -> str:
    """Have a record for a server that calls."""
    suite_server.ovms(
        "vehicle", "add", "OTHER", "--owner", OWNER, "--secret", SECRET, "--type", "server"
    )  # fmt: skip
    return "OTHER"


@pytest.fixture
async def meeting(
    suite_server: SuiteServer, transport: Transport, other_server: str
) -> AsyncIterator[Meeting]:
    """Connect car, app, batch client and server, and hear all that comes at once."""
    vehicle, port = suite_server.fresh(), suite_server.port(transport)
    tls = trust(suite_server, transport)
    parties: dict[str, Party] = {}
    async with AsyncExitStack() as stack:
        for name, role, who in (
            (CAR, Role.CAR, vehicle), (APP, Role.APP, vehicle), (BATCH, Role.BATCH, vehicle),
            (SERVER, Role.SERVER, other_server),
        ):  # fmt: skip
            connection = await connect(
                "localhost", port, role, who, SECRET.encode(), tls=tls,
                websocket=transport.is_web, words=LATER * 2 if role is Role.SERVER else (),
            )  # fmt: skip
            parties[name] = Party(await stack.enter_async_context(connection), vehicle)
        yield Meeting(vehicle, parties)


async def test_every_message_code(meeting: Meeting) -> None:
    """Each message of the guide, in each direction, arrives byte for byte where it belongs."""
    await meet(meeting)
    for each in CONVERSATION:
        meeting.parties[each.says].say(each.text.replace("VEHICLE", meeting.vehicle))
        first = await meeting.parties[each.says].settle()
        if each.text[0] == "h":
            acknowledged = first or [await meeting.parties[each.says].hear()]
            assert acknowledged == ["h7"]
            first = []
        if each.text.startswith("C31"):
            first = first or [await meeting.parties[each.says].hear()]
        heard = await meeting.settle()
        heard[each.says] = first + heard[each.says]
        expected = {
            name: [text.replace("VEHICLE", meeting.vehicle) for text in each.heard.get(name, [])]
            for name in meeting.parties
        }
        assert heard == expected, each


async def meet(meeting: Meeting) -> None:
    """Take what comes at login: to clients peers and ages, to the server where the cars are."""
    await meeting.parties[CAR].settle()  # a car is told of when it has said a line
    while not (await meeting.parties[SERVER].hear()).startswith(f"r{meeting.vehicle},Z,1,"):
        pass
    heard = await meeting.settle()
    assert heard[CAR] == []
    assert {text[0] for text in heard[APP] + heard[BATCH]} <= {"Z", "T"}
    assert heard[SERVER] == []


async def test_records_between_servers(
    suite_server: SuiteServer, transport: Transport, other_server: str
) -> None:
    """A server that has no records gets those of vehicles and owners, each byte of them known."""
    server = await connect(
        "localhost", suite_server.port(transport), Role.SERVER, other_server, SECRET.encode(),
        tls=trust(suite_server, transport), websocket=transport.is_web, words=NEVER * 2,
    )  # fmt: skip
    vehicles, owners = 0, 0
    async with server:
        party = Party(server)
        while not (vehicles and owners):
            text = await party.hear()
            if vehicle := VehicleRecord.parse(text[1:].encode()):
                assert "R" + vehicle.message.data.decode() == text
                assert (vehicle.server, vehicle.deleted) == ("*", False)
                vehicles += vehicle.secret == SECRET
            elif owner := OwnerRecord.parse(text[1:].encode()):
                assert "R" + owner.message.data.decode() == text
                owners += owner.name == OWNER


async def test_a_ping_of_each(meeting: Meeting) -> None:
    """A ping of a car, an app, a batch client or a server is answered, whatever it carries."""
    await meet(meeting)
    for party in meeting.parties.values():
        party.say("Awith payload")
        assert await party.hear() == "a"


async def test_what_is_kept_comes_at_login(
    meeting: Meeting, suite_server: SuiteServer, transport: Transport
) -> None:
    """Who logs in later gets every stored message as it was said, F and S first."""
    await meet(meeting)
    reports = [S, L, D, F, "VC1", "W1,2", "X1", "G1", "Y0", "Qunknown\xff"]
    for text in reports:
        meeting.parties[CAR].say(text)
    await meeting.parties[CAR].settle()
    late = await connect(
        "localhost", suite_server.port(transport), Role.APP, meeting.vehicle, SECRET.encode(),
        tls=trust(suite_server, transport), websocket=transport.is_web, words=("car_picture",),
    )  # fmt: skip
    async with late:
        login = await Party(late).settle()
    assert login[:3] == ["Z1", F, S]
    assert sorted(login[3:-1]) == sorted(set(reports) - {F, S})
    assert login[-1] == "T0"


def test_the_conversation_is_whole() -> None:
    """The conversation has every code of the guide, and each direction that it names."""
    said = {(each.says, each.text[0]) for each in CONVERSATION}
    heard = {
        (name, text[0]) for each in CONVERSATION for name, texts in each.heard.items()
        for text in texts
    }  # fmt: skip
    assert {code for says, code in said if says == CAR} >= set("CcDEFgGHhLPSTVWXYZQpaf")
    assert {code for says, code in said if says == APP} >= set("aCcEGgPpTZfQ")
    assert {code for name, code in heard if name == APP} >= set("cDEFfgLPSTVWXYGQ")
    assert {code for name, code in heard if name == CAR} >= set("CEQZ")
    assert {code for name, code in heard if name == SERVER} == {"r"}
    assert Replicated.parse(b"V,S,1") is not None
    assert sealed_message(Message("E", b"MSx")) is not None
    assert len(make_token(bytes)) == 22
