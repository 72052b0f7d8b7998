from __future__ import annotations

import itertools
import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ovms.protocol import (
    CallerWelcome,
    Closed,
    Message,
    OwnerServerWelcome,
    OwnerWelcome,
    Party,
    Role,
    ServerWelcome,
    Session,
    State,
    errors,
)
from ovms.protocol.crypto import decode_base64, encode_base64
from ovms.protocol.framing import LINE_LIMIT, WELCOME_LINE_LIMIT
from ovms.protocol.session import LONGEST_PLAIN, PROOF_LENGTH, TRANSITIONS, Event
from ovms.protocol.welcome import ProvisionRecord, ProvisionRefused, ProvisionRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

CORPUS = Path(__file__).parents[1] / "corpus"
SESSIONS: dict[str, Any] = json.loads((CORPUS / "sessions.json").read_text())
VECTORS: dict[str, Any] = json.loads((CORPUS / "vectors.json").read_text())
CASES = [
    pytest.param(party, case, id=f"{party.value}: {case['comment']}")
    for party in Party
    for case in SESSIONS[party.value]
]
WELCOME = VECTORS["welcome"]
SECRET = WELCOME["secret"].encode()
TOKENS = {Party.CALLER: WELCOME["client_token"], Party.SERVER: WELCOME["server_token"]}
OTHER = {Party.CALLER: Party.SERVER, Party.SERVER: Party.CALLER}
PING = Message("A")
OWNER_LINE = b"MP-A 1 me pw *"
OWNER_ANSWER = b"MP-S 1 me CAR1 CAR1 CAR2"


def session(party: Party, state: State = State.START) -> Session:
    """Bring a session of ``party`` into ``state``."""
    made = Session(party, TOKENS[party])
    if state is State.LOGIN:
        owner_speaks(made)
    if state in (State.HELLO, State.OPEN):
        if party is Party.CALLER:
            made.send_welcome(Role.CAR, "TESTCAR", SECRET)
        else:
            list(made.receive_data(WELCOME["client_line"].encode() + b"\n"))
    if state is State.OPEN:
        if party is Party.CALLER:
            list(made.receive_data(WELCOME["server_line"].encode() + b"\n"))
        else:
            made.accept(SECRET)
    if state is State.CLOSED:
        made.close()
    assert made.state is state
    return made


def owner_speaks(made: Session) -> None:
    """Have the owner's welcome said: by the session, or to it."""
    if made.party is Party.CALLER:
        made.send_owner_welcome(Role.APP, "me", "pw")
    else:
        list(made.receive_data(OWNER_LINE + b"\n"))


def owner_pair() -> tuple[Session, Session]:
    """Join a caller and a server under scheme 0x31, both open."""
    caller, server = session(Party.CALLER, State.LOGIN), session(Party.SERVER, State.LOGIN)
    list(caller.receive_data(server.accept_owner("me", "CAR1", ["CAR1", "CAR2"])))
    assert caller.state is server.state is State.OPEN
    return caller, server


def pair() -> tuple[Session, Session]:
    """Join a caller and a server, both open."""
    return session(Party.CALLER, State.OPEN), session(Party.SERVER, State.OPEN)


def joined(role: Role) -> tuple[Session, Session]:
    """Join a caller in a role and a server, both open."""
    caller, server = session(Party.CALLER), session(Party.SERVER)
    list(server.receive_data(caller.send_welcome(role, "TESTCAR", SECRET)))
    list(caller.receive_data(server.accept(SECRET)))
    return caller, server


def hear(listener: Session, chunks: Iterable[bytes]) -> tuple[list[Event], str | None]:
    """Feed a session, accepting its caller at once: its events, and the name of what ended it."""
    events: list[Event] = []
    for chunk in chunks:
        try:
            for event in listener.receive_data(chunk):
                events.append(event)
                if isinstance(event, CallerWelcome):
                    listener.accept(SECRET)
                elif isinstance(event, OwnerWelcome):
                    listener.accept_owner(event.user, "CAR1", ["CAR1"])
        except errors.RemoteProtocolError as error:
            assert listener.state is State.CLOSED
            return events, type(error).__name__
    return events, None


def told(event: Event) -> list[str]:
    """Write an event as the corpus does."""
    name = type(event).__name__
    match event:
        case Message():
            return [name, event.plain[5:].decode()]
        case CallerWelcome() | OwnerWelcome():
            return [name, event.vehicle_key]
        case ProvisionRequest():
            return [name, event.key]
        case ProvisionRecord():
            return [name, event.record]
    return [name]


# -- proof --------------------------------------------------------------------------------


PROOFS = {
    "nothing": ([], [], False),
    "an echo of the ping": (["A"], ["A"], False),
    "as many bytes as were sent": (["A"], ["a"], False),
    "the same in the second line": (["A"], ["a", "a"], True),
    "a second line that begins within what was sent": (["A123"], ["a", "a"], False),
    "a third line that begins beyond it": (["A123"], ["a", "a", "a"], True),
    "a first line, where nothing was sent": ([], ["a"], True),
    "printable bytes beyond the ping": (["A"], ["S" + "x" * PROOF_LENGTH], True),
    "one less": (["A"], ["S" + "x" * (PROOF_LENGTH - 1)], False),
    "all that is printable": (["A"], ["S " + "~" * PROOF_LENGTH], True),
    "a line end among them": (["A"], ["S" + "x" * PROOF_LENGTH + "\r"], False),
    "a byte below": (["A"], ["S\x1f" + "x" * PROOF_LENGTH], False),
    "a byte above": (["A"], ["S" + "x" * PROOF_LENGTH + "\x7f"], False),
    "what is not printable, within what was sent": (["A12"], ["S\x00\xff" + "x" * 24], True),
    "a long line within what was sent": (["A" + "1" * 100], ["S" + "x" * 100], False),
}


@pytest.mark.parametrize(("sent", "said", "is_proof"), PROOFS.values(), ids=PROOFS)
def test_what_proves_the_caller(sent: list[str], said: list[str], is_proof: bool) -> None:
    """A line proves if it begins beyond what was sent, or has enough printable bytes beyond it."""
    caller, server = pair()
    for text in sent:
        server.send(Message(text[0], text[1:].encode("latin-1")))
    for number, text in enumerate(said):
        assert not server.is_proven, number
        list(server.receive_data(caller.send(Message(text[0], text[1:].encode("latin-1")))))
    assert server.is_proven is is_proof
    server.send(Message("A", b"x" * 100))
    assert server.is_proven is is_proof


def test_the_proof_counts_with_its_line() -> None:
    """Of lines that come together those before the proof are events without it."""
    caller, server = pair()
    server.send(PING)
    lines = [caller.send(Message(code)) for code in "aSD"]
    events = server.receive_data(b"".join(lines))
    assert [(event, server.is_proven) for event in events] == [
        (Message("a"), False), (Message("S"), True), (Message("D"), True),
    ]  # fmt: skip


def test_a_line_without_a_code_moves_the_position() -> None:
    """It is no event, and what follows it begins behind it."""
    caller, server = pair()
    server.send(PING)
    assert caller._cipher_out is not None
    line = encode_base64(caller._cipher_out.update(b"MP-0 ")) + b"\r\n"
    assert list(server.receive_data(line + caller.send(Message("a")))) == [Message("a")]
    assert not server.is_proven
    list(server.receive_data(caller.send(Message("a"))))
    assert server.is_proven


def test_lines_that_cannot_be_read_prove_nothing() -> None:
    """Neither what does not decipher nor what is no base64 is a proof."""
    for line in (encode_base64(b"MP-0 S" + b"x" * 100), b"!" * 100):
        _, server = pair()
        with pytest.raises(errors.UnreadableLine):
            list(server.receive_data(line + b"\n"))
        assert not server.is_proven


def test_an_owner_is_proven_by_nothing() -> None:
    """Scheme 0x31 enciphers nothing, and no car uses it."""
    caller, server = owner_pair()
    list(server.receive_data(caller.send(Message("S", b"x" * 100))))
    assert not server.is_proven


def test_an_eavesdropper_proves_nothing() -> None:
    """Who knows the server's words can say as many bytes; what lies beyond cannot be read."""
    _, server = pair()
    ping = decode_base64(server.send(PING).strip())
    key = bytes(a ^ b for a, b in zip(ping, PING.plain, strict=True))
    echo = bytes(a ^ b for a, b in zip(key, b"MP-0 a", strict=True))
    assert list(server.receive_data(encode_base64(echo) + b"\n")) == [Message("a")]
    assert not server.is_proven
    with pytest.raises(errors.UnreadableLine):
        list(server.receive_data(encode_base64(echo) + b"\n"))


# -- wire cases -----------------------------------------------------------------------------


def wire(lines: list[str | list[Any]]) -> bytes:
    """Put a case's lines together."""
    parts = (part if isinstance(part, str) else part[0] * part[1] for part in lines)
    return "".join(parts).encode("latin-1")


@pytest.mark.parametrize(("party", "case"), CASES)
@pytest.mark.parametrize("size", [1, 7, 1 << 20], ids=["byte by byte", "in sevens", "whole"])
def test_case(party: Party, case: dict[str, Any], size: int) -> None:
    """A stream has the same events and the same end, however it is split."""
    data = wire(case["lines"])
    listener = session(party, State.HELLO if party is Party.CALLER else State.START)
    events, error = hear(listener, (data[i : i + size] for i in range(0, len(data), size)))
    assert [told(event) for event in events] == case["events"]
    assert error == case["error"]


@pytest.mark.parametrize(("party", "case"), CASES)
def test_case_with_more_behind(party: Party, case: dict[str, Any]) -> None:
    """What comes behind a stream changes neither its events nor an error in it."""
    listener = session(party, State.HELLO if party is Party.CALLER else State.START)
    more = b"" if case["error"] else b"x" * 70000
    events, error = hear(listener, [wire(case["lines"]) + more + b"\r\nMP-0 A\r\n"])
    assert [told(event) for event in events] == case["events"]
    assert error == (case["error"] or "LineTooLong")
    assert list(listener.receive_data(b"AP-X\r\n")) == []


# -- two sessions joined --------------------------------------------------------------------


def test_vectors() -> None:
    """Two sessions joined say exactly the known bytes, and understand each other."""
    caller, server = session(Party.CALLER), session(Party.SERVER)
    hello = caller.send_welcome(Role.CAR, "TESTCAR", SECRET)
    assert hello == WELCOME["client_line"].encode() + b"\r\n"
    [welcome] = server.receive_data(hello)
    assert isinstance(welcome, CallerWelcome)
    answer = server.accept(SECRET)
    assert answer == WELCOME["server_line"].encode() + b"\r\n"
    assert [type(event) for event in caller.receive_data(answer)] == [ServerWelcome]
    for sender, receiver, direction in (
        (caller, server, "client_to_server"),
        (server, caller, "server_to_client"),
    ):
        for case in VECTORS[direction]:
            plain = case["plain"]
            message = Message(plain[5], plain[6:].encode())
            line = sender.send(message)
            assert line == case["line"].encode() + b"\r\n"
            assert list(receiver.receive_data(line)) == [message]


@pytest.mark.parametrize("role", Role)
def test_roles(role: Role) -> None:
    """A server hears who calls, with what id and which words."""
    hello = session(Party.CALLER).send_welcome(role, "TestCar", SECRET, "a", "b")
    [welcome] = session(Party.SERVER).receive_data(hello)
    assert isinstance(welcome, CallerWelcome)
    assert (welcome.role, welcome.vehicle_key, welcome.words) == (role, "TESTCAR", ("a", "b"))


def test_lines_behind_the_welcome_wait() -> None:
    """What came behind a caller's welcome is heard when it has been accepted."""
    server = session(Party.SERVER)
    lines = [case["line"] for case in VECTORS["client_to_server"]]
    data = "\r\n".join([WELCOME["client_line"], "", *lines, ""]).encode()
    assert [type(event) for event in server.receive_data(data)] == [CallerWelcome]
    assert list(server.receive_data(b"")) == []
    assert server.waiting == sum(len(line) + 2 for line in lines) + 2
    server.accept(SECRET)
    codes = [event.code for event in server.receive_data(b"") if isinstance(event, Message)]
    assert codes == ["A", "S", "L"]
    assert server.waiting == 0


def test_provisioning_moves_no_cipher() -> None:
    """Provisioning lines are read in plain in the midst of ciphered ones."""
    caller, server = pair()
    record = ProvisionRecord("tok", "dig", "rec")
    data = caller.send(PING) + caller.send_provisioning(ProvisionRequest("VIN")) + caller.send(PING)
    assert list(server.receive_data(data)) == [PING, ProvisionRequest("VIN"), PING]
    data = (
        server.send_provisioning(record)
        + server.send(PING)
        + server.send_provisioning(ProvisionRefused())
    )
    assert list(caller.receive_data(data)) == [record, PING, ProvisionRefused()]


def test_closed_amid_events() -> None:
    """An owner that closes on an event hears nothing more of the same bytes."""
    caller, server = pair()
    heard = []
    for event in server.receive_data(caller.send(PING) + caller.send(PING)):
        heard.append(event)
        server.close()
    assert heard == [PING]


# -- scheme 0x31 ----------------------------------------------------------------------------


def test_an_owner_calls() -> None:
    """An owner names himself, is told all his vehicles, and both ends speak in plain."""
    caller, server = session(Party.CALLER), session(Party.SERVER)
    hello = caller.send_owner_welcome(Role.BATCH, "me", "pw", "car2")
    assert hello == b"MP-B 1 me pw car2\r\n"
    [welcome] = server.receive_data(hello)
    assert welcome == OwnerWelcome(Role.BATCH, "me", "pw", "car2")
    assert "pw" not in repr(welcome)
    answer = server.accept_owner("me", "CAR2", ["CAR1", "CAR2"])
    assert answer == b"MP-S 1 me CAR2 CAR1 CAR2\r\n"
    assert list(caller.receive_data(answer)) == [OwnerServerWelcome("me", "CAR2", ("CAR1", "CAR2"))]
    assert caller.send(Message("C", b"20,1234")) == b"C20,1234\r\n"
    assert list(server.receive_data(b"C20,1234\nA\r\n\r\n")) == [Message("C", b"20,1234"), PING]


def test_an_owners_lines_behind_the_welcome_wait() -> None:
    """What came behind an owner's welcome is heard when it has been accepted."""
    server = session(Party.SERVER)
    assert [type(event) for event in server.receive_data(b"MP-A 1 me pw *\nA\n")] == [OwnerWelcome]
    server.accept_owner("me", "CAR1", ["CAR1"])
    assert list(server.receive_data(b"")) == [PING]


def test_provisioning_among_an_owners_lines() -> None:
    """Provisioning lines are told from pings, also where nothing is ciphered."""
    caller, server = owner_pair()
    request = caller.send_provisioning(ProvisionRequest("VIN"))
    assert list(server.receive_data(request + b"A\r\nAP-nothing\r\n")) == [
        ProvisionRequest("VIN"), PING,
    ]  # fmt: skip


def test_a_line_end_in_data_begins_no_line() -> None:
    """A message that holds a line end stays one message where lines are plain."""
    caller, server = owner_pair()
    line = server.send(Message("c", b"7,0,one\r\ntwo\nA"))
    assert line.count(b"\n") == 1
    assert list(caller.receive_data(line)) == [Message("c", b"7,0,one\r\rtwo\rA")]


def test_the_longest_of_an_owners_lines() -> None:
    """A plain line may fill the bound, and no more; the answer may name many vehicles."""
    caller, server = owner_pair()
    longest = Message("P", b"x" * (LINE_LIMIT - 3))
    assert list(server.receive_data(caller.send(longest))) == [longest]
    with pytest.raises(errors.LocalProtocolError, match="does not fit"):
        caller.send(Message("P", longest.data + b"x"))
    caller, server = session(Party.CALLER, State.LOGIN), session(Party.SERVER, State.LOGIN)
    answer = server.accept_owner("me", "CAR0", (f"CAR{number}" for number in range(5000)))
    [welcome] = caller.receive_data(answer)
    assert isinstance(welcome, OwnerServerWelcome)
    assert len(welcome.vehicle_ids) == 5000


@pytest.mark.parametrize(
    ("role", "words"),
    [
        (Role.APP, ("me", "p w", "*")),
        (Role.APP, ("me", "", "*")),
        (Role.APP, ("m e", "pw", "*")),
        (Role.APP, ("me", "pw", "")),
        (Role.APP, ("me", "p" * 1024, "*")),
        (Role.CAR, ("me", "pw", "*")),
        (Role.SERVER, ("me", "pw", "*")),
    ],
)
def test_an_owner_that_cannot_call(role: Role, words: tuple[str, str, str]) -> None:
    """Words that would fall apart, and roles without an owner's name, are refused."""
    caller = session(Party.CALLER)
    with pytest.raises(errors.LocalProtocolError) as caught:
        caller.send_owner_welcome(role, *words)
    assert caller.state is State.START
    assert "p w" not in str(caught.value)


# -- the state table ------------------------------------------------------------------------

PROVISION: dict[Party, list[ProvisionRequest | ProvisionRecord | ProvisionRefused]] = {
    Party.CALLER: [ProvisionRequest("VIN")],
    Party.SERVER: [ProvisionRecord("tok", "dig", "rec"), ProvisionRefused()],
}
ALLOWED = {
    (State.START, Party.CALLER, CallerWelcome): State.HELLO,
    (State.START, Party.CALLER, OwnerWelcome): State.LOGIN,
    (State.LOGIN, Party.SERVER, OwnerServerWelcome): State.OPEN,
    (State.HELLO, Party.SERVER, ServerWelcome): State.OPEN,
    (State.OPEN, Party.CALLER, Message): State.OPEN,
    (State.OPEN, Party.SERVER, Message): State.OPEN,
    **{
        (state, party, type(line)): state
        for state in (State.START, State.HELLO, State.LOGIN, State.OPEN)
        for party in Party
        for line in PROVISION[party]
    },
}
"""Written by hand, as the guide has it: who may say what, and where it leads."""

SAYINGS: dict[type, Callable[[Session], bytes]] = {
    CallerWelcome: lambda speaker: speaker.send_welcome(Role.CAR, "TESTCAR", SECRET),
    ServerWelcome: lambda speaker: speaker.accept(SECRET),
    OwnerWelcome: lambda speaker: speaker.send_owner_welcome(Role.APP, "me", "pw"),
    OwnerServerWelcome: lambda speaker: speaker.accept_owner("me", "CAR1", ["CAR1"]),
    ProvisionRequest: lambda speaker: speaker.send_provisioning(ProvisionRequest("VIN")),
    ProvisionRecord: lambda speaker: speaker.send_provisioning(
        ProvisionRecord("tok", "dig", "rec")
    ),
    ProvisionRefused: lambda speaker: speaker.send_provisioning(ProvisionRefused()),
    Message: lambda speaker: speaker.send(PING),
}
LINES: dict[type, str] = {
    CallerWelcome: WELCOME["client_line"],
    ServerWelcome: WELCOME["server_line"],
    OwnerWelcome: OWNER_LINE.decode(),
    OwnerServerWelcome: OWNER_ANSWER.decode(),
    ProvisionRequest: "AP-C 0 VIN",
    ProvisionRecord: "AP-S 0 tok dig rec",
    ProvisionRefused: "AP-X",
    Message: VECTORS["client_to_server"][0]["line"],
}
WALK = [(state, party, event) for state in State for party in Party for event in SAYINGS]


PROVISIONING = (ProvisionRequest, ProvisionRecord, ProvisionRefused)


def test_table() -> None:
    """The table holds what the guide allows, and nothing else."""
    assert {
        (state, party, event): after
        for state, allowed in TRANSITIONS.items()
        for (party, event), after in allowed.items()
    } == ALLOWED
    assert set(TRANSITIONS) == set(State)


@pytest.mark.parametrize(("state", "party", "event"), WALK)
def test_say(state: State, party: Party, event: type) -> None:
    """What a party may not say is its own mistake, and changes nothing."""
    speaker = session(party, state)
    if (state, party, event) in ALLOWED:
        assert SAYINGS[event](speaker).endswith(b"\r\n")
        assert speaker.state is ALLOWED[state, party, event]
    else:
        with pytest.raises(errors.LocalProtocolError, match=state.value):
            SAYINGS[event](speaker)
        assert speaker.state is state


@pytest.mark.parametrize(("state", "party", "event"), WALK)
def test_hear(state: State, party: Party, event: type) -> None:
    """What the other party may not say is its mistake, and ends the conversation."""
    line = LINES[event].encode() + b"\r\n"
    listener = session(OTHER[party], state)
    owes = listener.party is Party.SERVER and state in (State.HELLO, State.LOGIN)
    if state is State.CLOSED or owes:
        # The closed hear nothing, and a server that owes its welcome nothing yet.
        assert list(listener.receive_data(line)) == []
        assert listener.state is state
    elif (state, party, event) in ALLOWED:
        assert [type(heard) for heard in listener.receive_data(line)] == [event]
        assert listener.state is ALLOWED[state, party, event]
    elif state is State.OPEN and line.startswith(b"AP-"):
        # Ciphered lines go on behind it: what is not understood ends no session.
        assert list(listener.receive_data(line)) == []
        assert listener.state is state
    else:
        with pytest.raises(errors.RemoteProtocolError):
            list(listener.receive_data(line))
        assert listener.state is State.CLOSED


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("party", Party)
def test_end(party: Party, state: State) -> None:
    """The stream may end in any state, and its end is told once."""
    listener = session(party, state)
    assert listener.receive_eof() == ([] if state is State.CLOSED else [Closed()])
    assert listener.state is State.CLOSED
    assert listener.receive_eof() == []
    assert list(listener.receive_data(b"AP-X\r\nMP-C")) == []
    listener.close()
    assert listener.waiting == 0


def test_end_amid_a_line() -> None:
    """A line without its end is no message."""
    caller, server = pair()
    assert list(server.receive_data(caller.send(PING)[:-1])) == []
    assert server.receive_eof() == [Closed()]


# -- whom to blame --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("party", "state"),
    [
        (Party.CALLER, State.HELLO),
        (Party.CALLER, State.OPEN),
        (Party.SERVER, State.OPEN),
        (Party.SERVER, State.CLOSED),
    ],
)
def test_accept_out_of_place(party: Party, state: State) -> None:
    """To accept where there is nobody to accept is our mistake, whatever the secret."""
    ours = session(party, state)
    with pytest.raises(errors.LocalProtocolError):
        ours.accept(b"another secret")
    assert ours.state is state


def test_accept_after_the_caller_has_gone() -> None:
    """To accept a caller that left meanwhile is no wrong password."""
    server = session(Party.SERVER, State.HELLO)
    server.receive_eof()
    with pytest.raises(errors.LocalProtocolError):
        server.accept(b"another secret")


def test_wrong_secret() -> None:
    """A caller that does not prove the secret is refused, and the session over."""
    server = session(Party.SERVER, State.HELLO)
    with pytest.raises(errors.AuthenticationFailed, match="does not prove"):
        server.accept(b"another secret")
    assert server.state is State.CLOSED
    with pytest.raises(errors.LocalProtocolError):
        server.send(PING)


def test_a_proven_secret() -> None:
    """What the welcome proves is known before it is accepted; another secret is refused then."""
    for secret, is_right in ((b"another secret", False), (SECRET, True), (b"", False)):
        server = session(Party.SERVER, State.HELLO)
        assert server.proves(secret) is is_right
        server.accept(SECRET)
        assert server.state is State.OPEN
        server = session(Party.SERVER, State.HELLO)
        assert server.proves(SECRET)
        assert server.proves(secret) is is_right
        if not is_right:
            with pytest.raises(errors.AuthenticationFailed, match="does not prove"):
                server.accept(secret)


def test_our_own_token_with_a_proven_secret() -> None:
    """Whoever says our own welcome to us is refused, although its digest is right."""
    server = Session(Party.SERVER, WELCOME["client_token"])
    list(server.receive_data(WELCOME["client_line"].encode() + b"\n"))
    assert server.proves(SECRET)
    with pytest.raises(errors.AuthenticationFailed, match="own token"):
        server.accept(SECRET)


def test_welcome_before_greeting() -> None:
    """A server that answers before it was asked breaks the protocol."""
    with pytest.raises(errors.RemoteProtocolError, match="ServerWelcome in state start"):
        list(session(Party.CALLER).receive_data(WELCOME["server_line"].encode() + b"\n"))


@pytest.mark.parametrize("words", [("",), ("A B",), ("A\r\nB",), ("A", ""), ("A", "b c")])
def test_greet_with_blanks(words: tuple[str, ...]) -> None:
    """An id or a word that would fall apart on the way is refused, and nothing said."""
    caller = session(Party.CALLER)
    vehicle_id, *more = words
    with pytest.raises(errors.LocalProtocolError, match="does not fit"):
        caller.send_welcome(Role.APP, vehicle_id, SECRET, *more)
    assert caller.state is State.START


@pytest.mark.parametrize("code", ["", "AB", "€"])
def test_send_without_code(code: str) -> None:
    """A code that is not one byte is refused, and the cipher keeps its place."""
    caller, server = pair()
    with pytest.raises(errors.LocalProtocolError):
        caller.send(Message(code))
    assert list(server.receive_data(caller.send(PING))) == [PING]


# -- bounds ---------------------------------------------------------------------------------


def test_longest_welcome() -> None:
    """A welcome may fill the bound that the other end has for it, and no more."""
    room = WELCOME_LINE_LIMIT - len(WELCOME["client_line"]) + len("TESTCAR") - 2
    hello = session(Party.CALLER).send_welcome(Role.CAR, "x" * room, SECRET)
    assert len(hello) == WELCOME_LINE_LIMIT
    assert [type(event) for event in session(Party.SERVER).receive_data(hello)] == [CallerWelcome]
    with pytest.raises(errors.LocalProtocolError, match="does not fit"):
        session(Party.CALLER).send_welcome(Role.CAR, "x" * (room + 1), SECRET)


def test_longest_message() -> None:
    """The longest message goes through, one byte more is refused and moves no cipher."""
    caller, server = pair()
    longest = Message("P", b"\xff" * (LONGEST_PLAIN - len("MP-0 P")))
    line = caller.send(longest)
    assert LINE_LIMIT - 4 < len(line) <= LINE_LIMIT
    assert list(server.receive_data(line)) == [longest]
    with pytest.raises(errors.LocalProtocolError, match="does not fit"):
        caller.send(Message("P", longest.data + b"\xff"))
    assert list(server.receive_data(caller.send(PING))) == [PING]


def test_what_is_received_can_be_sent_on() -> None:
    """No message that a bare LF squeezes into the bound is too long for our own lines."""
    caller, server = pair()
    longest = Message("P", b"x" * (LONGEST_PLAIN - len("MP-0 P")))
    line = caller.send(longest).replace(b"\r\n", b"\n")
    assert len(line) + 4 > LINE_LIMIT
    [message] = server.receive_data(line)
    assert isinstance(message, Message)
    assert server.send(message)


@pytest.mark.parametrize("state", [State.HELLO, State.LOGIN])
@pytest.mark.parametrize("size", [1, 100, 1024])
def test_talking_before_the_answer(size: int, state: State) -> None:
    """What a caller may send before it is welcomed has the bound of a welcome."""
    server = session(Party.SERVER, state)
    for _ in range(WELCOME_LINE_LIMIT // size):
        assert list(server.receive_data(b"\n" * size)) == []
    waiting = server.waiting
    assert waiting <= WELCOME_LINE_LIMIT
    with pytest.raises(errors.RemoteProtocolError, match="before it is welcomed"):
        list(server.receive_data(b"\n" * (WELCOME_LINE_LIMIT - waiting + 1)))
    assert server.state is State.CLOSED


# -- a server of the field that calls us ----------------------------------------------------

PONGS = 3
PONG = Message("a")


def of_a_server(code: str) -> st.SearchStrategy[tuple[Message, bool]]:
    """Draw a message of a code, and whether a line end follows; only a bare answer has none."""
    messages = st.builds(Message, st.just(code), st.binary(max_size=20))
    return messages.flatmap(
        lambda message: st.tuples(
            st.just(message), st.booleans() if message == PONG else st.just(True)
        )
    )


def peers() -> tuple[Session, Session]:
    """Join two servers, the one that calls first; both are open."""
    caller, server = session(Party.CALLER, State.START), session(Party.SERVER, State.START)
    list(server.receive_data(caller.send_welcome(Role.SERVER, "PEER", SECRET)))
    list(caller.receive_data(server.accept(SECRET)))
    return caller, server


@pytest.mark.parametrize("size", [1, 3, 8, 11, 64])
def test_a_server_answers_pings_without_line_ends(size: int) -> None:
    """Each answer is a message as soon as it is whole, however the bytes are split."""
    caller, server = peers()
    wire = b"".join(caller.send(Message("a")).strip() for _ in range(PONGS))
    heard, _ = hear(server, [wire[at : at + size] for at in range(0, len(wire), size)])
    assert heard == [Message("a")] * PONGS
    heard, _ = hear(server, [b"\r\n", caller.send(Message("a")), caller.send(Message("r", b"x"))])
    assert heard == [Message("a"), Message("r", b"x")]


@pytest.mark.parametrize("size", [1, 7, 8, 9, 100])
def test_what_stands_behind_an_answer_says_nothing(size: int) -> None:
    """An answer with data is the answer; its data may come in pieces, and the next line counts."""
    caller, server = peers()
    wire = caller.send(Message("a", b"xyzxyz")) + caller.send(Message("r", b"x"))
    heard, error = hear(server, [wire[at : at + size] for at in range(0, len(wire), size)])
    assert (heard, error) == ([Message("a"), Message("r", b"x")], None)


@given(st.lists(st.sampled_from("aAr").flatmap(of_a_server), max_size=6), st.data())
def test_splitting_does_not_matter(said: list[tuple[Message, bool]], data: st.DataObject) -> None:
    """Whatever a server says, with answers that have no line end, comes the same in any pieces."""
    caller, server = peers()
    lines = [caller.send(message) for message, _ in said]
    wire = b"".join(
        line if ends else line.strip() for line, (_, ends) in zip(lines, said, strict=True)
    )
    cuts = sorted(data.draw(st.lists(st.integers(0, len(wire)), max_size=8)))
    bounds = [0, *cuts, len(wire)]
    chunks = [wire[one:two] for one, two in itertools.pairwise(bounds)]
    expected = [PONG if message.code == "a" else message for message, _ in said]
    assert hear(server, chunks) == (expected, None)


@pytest.mark.parametrize("data", [b"", b"V", b"VCAR1,1,s,*,0,2020-01-01 00:00:00", b"x" * 1000])
@pytest.mark.parametrize("code", ["A", "R", "r", "\xff"])
@pytest.mark.parametrize("size", [1, 7, 8, 9, 100])
def test_other_lines_of_a_server_may_be_split(code: str, data: bytes, size: int) -> None:
    """A line whose beginning came alone is read whole, and those behind it, too."""
    caller, server = peers()
    messages = [Message(code, data), Message("a"), Message(code, data)]
    wire = b"".join(caller.send(message) for message in messages)
    heard, error = hear(server, [wire[at : at + size] for at in range(0, len(wire), size)])
    assert (heard, error) == (messages, None)


@pytest.mark.parametrize("begun", [b"AAAAAAAA", b"!!!!!!!!"])
def test_the_beginning_of_a_servers_line_must_decipher(begun: bytes) -> None:
    """Half a line that is none of ours ends the session without waiting for its end."""
    _, server = peers()
    assert hear(server, [begun[:7]]) == ([], None)
    heard, error = hear(server, [begun[7:]])
    assert (heard, error) == ([], "UnreadableLine")


def test_only_servers_may_leave_line_ends_out() -> None:
    """What a car has begun waits for its end."""
    caller, server = pair()
    assert hear(server, [caller.send(Message("a")).strip()]) == ([], None)
    assert hear(server, [b"\r\n"]) == ([Message("a")], None)


@pytest.mark.parametrize(
    ("came", "unfit"),
    [
        (b"MP-A 0 a", [b"MP-A 0 a"]),
        (b"MP-A 0 a\r\nb", [b"MP-A 0 a", b"b"]),
        (b"AP-C 0 k\r\n", [b""]),
    ],
)
def test_what_came_instead_of_a_welcome(came: bytes, unfit: list[bytes]) -> None:
    """Whoever asks is told of the line that is none, and of the beginning of one."""
    told: list[bytes] = []
    server = Session(Party.SERVER, "b" * 22, told.append)
    hear(server, [came])
    server.close()
    server.close()
    assert told == unfit


def spoken(caller: Session, kind: str) -> bytes:
    """Return a line of a caller, or what is none."""
    cipher = caller._cipher_out
    if cipher is None:
        return caller.send(Message(kind[0], kind.encode()))
    match kind:
        case "provisioning":
            return caller.send_provisioning(ProvisionRequest("KEY"))
        case "unknown provisioning":
            return b"AP-? x\r\n"
        case "no code":
            return encode_base64(cipher.update(b"MP-0 ")) + b"\r\n"
        case "unpadded":
            return caller.send(Message("D", b"1")).rstrip(b"=\r\n") + b"\n"
        case "empty":
            return b"\r\n"
        case "no base64":
            return b"!!\r\n"
        case "no magic":
            return encode_base64(cipher.update(b"MP-1 Sx")) + b"\r\n"
        case "too long":
            return b"A" * LINE_LIMIT + b"\r\n"
    return caller.send(Message(kind[0], kind.encode()))


KINDS = ["Status", "Location", "A", "provisioning", "unknown provisioning", "no code", "unpadded",
         "empty", "no base64", "no magic", "too long"]  # fmt: skip


@given(
    kinds=st.lists(st.sampled_from(KINDS[:8]), max_size=30),
    end=st.lists(st.sampled_from(KINDS), max_size=3),
    limit=st.integers(1, 20),
    size=st.integers(1, 200),
    role=st.sampled_from([Role.CAR, Role.APP, None]),
)
def test_taking_is_receiving(
    kinds: list[str], end: list[str], limit: int, size: int, role: Role | None
) -> None:
    """Whether one event is taken at a time or many: the same events, the same error, in order."""
    (caller, server), (_, other) = [
        owner_pair() if role is None else joined(role) for _ in range(2)
    ]
    usual = ["Status", "A"]
    kinds = ["Status" * 20, *(usual * 3 if role is None else (*kinds, *end))]
    said = b"".join(spoken(caller, kind) for kind in kinds)
    chunks = [said[at : at + size * 50] for at in range(0, len(said), size * 50)]
    heard: list[Event] = []
    error = None
    try:
        for chunk in chunks:
            server.feed(chunk)
            while events := server.take(limit):
                assert len(events) <= limit
                heard += events
    except errors.RemoteProtocolError as failure:
        error = type(failure).__name__
    assert (heard, error) == hear(other, chunks)
    assert server.state is other.state
    assert role is Role.APP or server.is_proven == other.is_proven
    if error is not None:
        server.feed(b"x\n")
        assert not server.take(limit)


@given(
    parts=st.lists(st.lists(st.sampled_from(KINDS[:8]), max_size=5), max_size=8),
    end=st.lists(st.sampled_from(KINDS), max_size=3),
    limit=st.integers(1, 6),
    role=st.sampled_from([Role.CAR, Role.APP, None]),
)
def test_taking_what_is_whole_is_receiving(
    parts: list[list[str]], end: list[str], limit: int, role: Role | None
) -> None:
    """What can be had at once is what comes one event at a time; nothing is lost of the rest."""
    (caller, server), (_, other) = [
        owner_pair() if role is None else joined(role) for _ in range(2)
    ]
    usual = [["Status", "A"]] * 3
    parts = [["Status" * 20], *(usual if role is None else (*parts, end))]
    chunks = [b"".join(spoken(caller, kind) for kind in kinds) for kinds in parts]
    heard: list[Event] = []
    error = None
    try:
        for chunk in chunks:
            messages = server.take_whole(chunk, limit)
            assert messages is None or len(messages) <= limit
            heard += messages or ()
            if messages is None:
                server.feed(chunk)
            while events := server.take(limit):
                heard += events
    except errors.RemoteProtocolError as failure:
        error = type(failure).__name__
    assert (heard, error) == hear(other, chunks)
    assert server.state is other.state


def test_what_can_be_had_at_once() -> None:
    """Whole lines of who is proven, as many as asked for, unless one of them is no base64."""
    caller, server = pair()
    assert server.take_whole(b"", 9) is None
    first = spoken(caller, "Status" * 20)
    assert server.take_whole(first, 9) is None
    server.feed(first)
    assert len(server.take(9)) == 1  # it proves
    lines = [spoken(caller, "A") for _ in range(3)]
    assert server.take_whole(lines[0][:-1], 9) is None
    assert server.take_whole(b"".join(lines), 2) is None
    assert server.take_whole(lines[0] + b"!!\r\n", 9) is None
    assert server.take_whole(b"".join(lines), 3) == [Message("A", b"A")] * 3
    assert server.error is None


def test_what_is_had_at_once_before_a_line_that_cannot_be_read() -> None:
    """It is returned, and the error is raised behind it; whoever closes is not told."""
    for closes in (False, True):
        caller, server = pair()
        server.feed(spoken(caller, "Status" * 20))
        assert len(server.take(9)) == 1  # it proves
        said = b"".join(spoken(caller, kind) for kind in ("A", "no magic", "Status"))
        assert server.take_whole(said, 9) == [Message("A", b"A")]
        assert server.error is not None
        if closes:
            server.close()
            assert not server.take(9)
        else:
            with pytest.raises(errors.UnreadableLine):
                server.take(9)
        assert server.take_whole(said, 9) is None


def test_messages_sent_at_once() -> None:
    """Their lines are those of one by one; what fits no line is left out and advances nothing."""
    longest = Message("S", b"x" * (LONGEST_PLAIN - len(Message("S").plain)))
    messages = [Message("S", b"1"), Message("long"), longest, Message("\xff"),
                Message("S", longest.data + b"x"), Message("T", b"0")]  # fmt: skip
    for joined_pair in (pair, owner_pair):
        (caller, server), (_, other) = joined_pair(), joined_pair()
        lines = server.send_all(messages)
        expected = []
        for message in messages:
            with suppress(errors.LocalProtocolError):
                expected.append(other.send(message))
        assert lines == expected
        heard = list(caller.receive_data(b"".join(lines)))
        assert [each.code for each in heard if isinstance(each, Message)][-1] == "T"
        server.close()
        assert server.send_all(messages) == []


def test_a_line_that_cannot_be_read_is_told_behind_those_before() -> None:
    """Whoever takes many messages gets those first; a line without a code says nothing."""
    caller, server = pair()
    kinds = ["Status" * 20, "no code", "Status", "A", "no magic", "Location"]
    server.feed(b"".join(spoken(caller, kind) for kind in kinds))
    assert len(server.take(9)) == 1  # it proves
    server.feed(b"")
    assert server.take(1) == [Message("S", b"Status")]
    assert server.take(9) == [Message("A", b"A")]
    with pytest.raises(errors.UnreadableLine):
        server.take(9)
    assert server.state is State.CLOSED
    assert not server.take(9)


def test_who_has_closed_is_told_of_no_line_that_cannot_be_read() -> None:
    """A session that is closed at a message yields nothing more, whatever came behind it."""
    caller, server = pair()
    server.feed(b"".join(spoken(caller, kind) for kind in ("Status" * 20, "A", "no magic")))
    assert len(server.take(9)) == 1  # it proves
    assert server.take(9) == [Message("A", b"A")]
    server.close()
    assert not server.take(9)
