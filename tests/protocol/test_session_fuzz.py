from __future__ import annotations

import json
import random
import time
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ovms.protocol import CallerWelcome, Message, OwnerWelcome, Party, Role, Session, State
from ovms.protocol.codes import parse_content
from ovms.protocol.commands import Answer, Command
from ovms.protocol.errors import RemoteProtocolError
from ovms.protocol.framing import LINE_LIMIT, WELCOME_LINE_LIMIT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ovms.protocol.session import Event

CORPUS = Path(__file__).parents[1] / "corpus"
VECTORS: dict[str, Any] = json.loads((CORPUS / "vectors.json").read_text())
WELCOME = VECTORS["welcome"]
SECRET = WELCOME["secret"].encode()
STREAMS = {
    Party.SERVER: [
        b"AP-C 0 VIN\r\n",
        WELCOME["client_line"].encode() + b"\r\n",
        *(case["line"].encode() + b"\r\n" for case in VECTORS["client_to_server"]),
    ],
    Party.CALLER: [
        b"AP-X\r\n",
        WELCOME["server_line"].encode() + b"\r\n",
        *(case["line"].encode() + b"\r\n" for case in VECTORS["server_to_client"]),
        VECTORS["auto_provisioning"]["server_line"].encode() + b"\r\n",
    ],
}
"""What each party hears in a valid conversation, line by line."""

OWNER_STREAM = [b"AP-C 0 VIN\r\n", b"MP-A 1 me pw *\r\n", b"A\r\n", b"C20,1234\n", b"AP-x\n"]
"""What a server hears from an owner's app, in plain."""

PIECES = [
    *(b"", b"\n", b"\r\n", b"\r", b"=", b" ", b",", b"\x00", b"\xff", b"9" * 20),
    *(b"AP-X", b"AP-C 0 k\n", b"MP-C 0 ", b"MP-0 A", b"MP-A 1 me pw *\n"),
    *(b"x" * 1023, b"A" * 1100, b"\n" * 1100, b"A" * LINE_LIMIT),
]
"""What may get into a stream: line ends, blanks, half lines, and lengths about the bounds."""


def start(party: Party) -> Session:
    """Open a session that knows the secret; a caller has greeted."""
    token = WELCOME["client_token" if party is Party.CALLER else "server_token"]
    session = Session(party, token)
    if party is Party.CALLER:
        session.send_welcome(Role.CAR, "TESTCAR", SECRET)
    return session


def listen(
    session: Session, chunks: Iterable[bytes], accepting: bool = True
) -> tuple[list[Event], type[Exception] | None]:
    """Feed a session; check its bound on memory all the while."""
    events: list[Event] = []
    for chunk in chunks:
        limit = LINE_LIMIT if session.state is State.OPEN else WELCOME_LINE_LIMIT
        try:
            for event in session.receive_data(chunk):
                events.append(event)
                if accepting and isinstance(event, CallerWelcome):
                    session.accept(SECRET)
                elif accepting and isinstance(event, OwnerWelcome):
                    session.accept_owner("me", "CAR1", ["CAR1"])
        except RemoteProtocolError as error:
            assert session.state is State.CLOSED
            return events, type(error)
        finally:
            assert session.waiting <= (0 if session.state is State.CLOSED else limit + len(chunk))
    return events, None


def cut(data: bytes, places: Iterable[int]) -> list[bytes]:
    """Cut a stream at the places that lie in it."""
    edges = sorted({0, len(data), *(place for place in places if place < len(data))})
    return [data[a:b] for a, b in pairwise(edges)]


@st.composite
def streams(draw: st.DrawFn, party: Party) -> bytes:
    """Draw a conversation: valid, or with pieces put in, left out, repeated and turned round."""
    owns = party is Party.SERVER and draw(st.booleans())
    lines = list(OWNER_STREAM if owns else STREAMS[party])
    for _ in range(draw(st.integers(0, 2))):
        lines.insert(draw(st.integers(0, len(lines))), draw(st.sampled_from(lines)))
    data = b"".join(lines)
    for _ in range(draw(st.integers(0, 3))):
        at, length = draw(st.integers(0, len(data))), draw(st.sampled_from([0, 0, 1, 2, 40]))
        piece = draw(st.sampled_from(PIECES) | st.binary(max_size=4))
        data = data[:at] + piece + data[at + length :]
    return data


@pytest.mark.parametrize("accepting", [True, False], ids=["accepting", "hesitating"])
@pytest.mark.parametrize("party", Party)
@settings(max_examples=400)
@given(data=st.data())
def test_splitting(party: Party, accepting: bool, data: st.DataObject) -> None:
    """Splitting never matters: the same events, the same end, the same state."""
    stream = data.draw(streams(party))
    places = data.draw(st.lists(st.integers(1, 600), max_size=20))
    whole, split = start(party), start(party)
    assert listen(whole, [stream], accepting) == listen(split, cut(stream, places), accepting)
    assert whole.state is split.state
    if whole.state is not State.CLOSED:
        assert whole.waiting == split.waiting


@pytest.mark.parametrize("known", range(6))
@pytest.mark.parametrize("party", Party)
@given(chunks=st.lists(st.binary() | st.sampled_from(PIECES), max_size=6))
def test_any_bytes(party: Party, known: int, chunks: list[bytes]) -> None:
    """Whatever comes, at whatever place of a conversation, ends in events or a remote error."""
    session = start(party)
    listen(session, STREAMS[party][:known])
    listen(session, chunks)


def read(message: Message) -> None:
    """Do with a message all that somebody may do with it."""
    content = parse_content(message)
    if content is not None:
        json.dumps(content.as_json(), allow_nan=False)
        assert content.encode() == message.data
    for sent in (Command.parse(message.data), Answer.parse(message.data)):
        if sent is not None:
            assert sent.parameters is not None
            assert sent.message.data
            assert not isinstance(sent, Answer) or sent.is_last in (True, False)


RECORDS = json.loads((CORPUS / "records.json").read_text())[1:]
COMMANDS = json.loads((CORPUS / "commands.json").read_text())
SAYINGS = [
    *(case["plain"][5:] for side in ("client_to_server", "server_to_client")
      for case in VECTORS[side]),
    *(case["code"] + case["data"] for case in RECORDS),
    *("C" + case["data"] for case in COMMANDS["commands"]),
    *("c" + case["data"] for case in COMMANDS["answers"]),
]  # fmt: skip
"""What the corpus knows to say, code and data, a character a byte."""


def mutate(chance: random.Random, data: bytes) -> bytes:
    """Change a few places of some bytes."""
    made = bytearray(data)
    for _ in range(chance.choice([0, 0, 1, 1, 2, 5])):
        at = chance.randrange(len(made) + 1)
        length = chance.choice([0, 0, 1, 1, 3, 30])
        made[at : at + length] = chance.choice([chance.randbytes(1), *PIECES[:-1]])
    return bytes(made)


def converse(chance: random.Random) -> None:
    """Lead a conversation between two sessions, some of its bytes changed on their way."""
    caller, server = (start(party) for party in Party)
    spoil = chance.choice([0.0, 0.0, 0.02, 0.3])
    on_wire = {Party.SERVER: WELCOME["client_line"].encode() + b"\n", Party.CALLER: b""}
    for _ in range(chance.randrange(30)):
        listener, speaker = chance.choice([(caller, server), (server, caller)])
        data = on_wire[listener.party]
        if chance.random() < spoil:
            data = mutate(chance, data)
        places = [chance.randrange(len(data) + 1) for _ in range(chance.randrange(4))]
        on_wire[listener.party] = b""
        greeted = listener.state is State.START
        events, _ = listen(listener, cut(data, places))
        for event in events:
            if isinstance(event, Message):
                read(event)
        if greeted and listener is server and server.state is State.OPEN:
            on_wire[Party.CALLER] += WELCOME["server_line"].encode() + b"\n"
        if speaker.state is State.OPEN:
            text = mutate(chance, chance.choice(SAYINGS).encode("latin-1")) or b"A"
            message = Message(text[:1].decode("latin-1"), text[1:])
            on_wire[listener.party] += speaker.send(message)


def fuzz(seconds: float) -> None:
    """Lead conversations for so long; name the one that went wrong."""
    first, end = time.time_ns(), time.monotonic() + seconds
    seed = first
    while time.monotonic() < end:
        try:
            converse(random.Random(seed))  # noqa: S311 (nothing secret)
        except Exception as error:
            error.add_note(f"converse(random.Random({seed}))")
            raise
        seed += 1
    assert seed > first


def test_fuzz() -> None:
    """For three seconds, no changed conversation raises what it may not raise."""
    fuzz(3)


@pytest.mark.soak
def test_fuzz_long() -> None:
    """For three minutes, no changed conversation raises what it may not raise."""
    fuzz(180)
