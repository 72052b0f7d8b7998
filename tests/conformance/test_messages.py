"""What cars report, who hears it, and what a client gets at login."""

from __future__ import annotations

import re

import pytest

from tests.conformance.conftest import Case, everything
from tests.conformance.sentences import Sentence, stands_for
from tests.programs.conftest import run_ovms

GRAMMAR = "guide: Car <-> Server <-> App"

# -- ping ---------------------------------------------------------------------------------------


@stands_for(
    "guide: Ping message",
    "This message may be sent by any party, to test the link",
    "The expected response is a 0x61 ping acknowledgement",
    "There is no expected payload to this message",
)
@stands_for("guide: Ping Acknowledgement", "This message is sent in response to a 0x41 ping")
@stands_for("interop 6", "pings every 5 minutes")
@stands_for("interop 6", "pings every 3 minutes")
@pytest.mark.parametrize("role", ["C", "A", "B"])
def test_a_ping_is_answered(case: Case, role: str) -> None:
    """A ping of a car, an app or a batch client is answered to it alone, whatever it carries."""
    bystander = case.app()
    caller = case.call(role)
    bystander.settle()
    caller.say(b"A", b"Aare you there?", b"A,,,")
    assert [caller.hear() for _ in range(3)] == [b"a", b"a", b"a"]
    assert bystander.settle() == []


@stands_for(
    "guide: Ping Acknowledgement", "There is no expected payload to this message, an any given can"
)
@pytest.mark.parametrize("role", ["C", "A", "B"])
def test_an_acknowledgement_is_no_message(case: Case, role: str) -> None:
    """An acknowledgement that nobody waits for, with or without payload, changes nothing."""
    bystander = case.app()
    caller = case.call(role)
    bystander.settle()
    caller.say(b"a", b"ahello", b"a,")
    assert caller.settle() == []
    assert bystander.settle() == []


# -- records ------------------------------------------------------------------------------------

S = b"S80,K,220,13,charging,standard,280,270,16,75,27,124,3,1,0,1,60,1,160,90,60,250,80,1,20,60"
D = b"D124,8,4,35,40,25,123,456789,0,3600,18,2,1,1,13.1,0,13.4,0"
L = b"L22.274165,114.185715,90,12,1,1"
F = b"F2.5.1,5YJRE1A31A1P01234,18,1,TR,M2M"

RECORDS = {
    "D": (Sentence("guide: Car Environment message", "transmits the environment settings"), D),
    "D list": (
        Sentence("guide: Car Environment message", "<data> is comma-separated list of"),
        b"D255,216,5,-40,-1,0,0,0,0,0,-10,255,-1,0,0,4,0,255",
    ),
    "F": (Sentence("guide: Car firmware message", "transmits the firmware versions"), F),
    "F list": (
        Sentence("guide: Car firmware message", "<data> is comma-separated list of"),
        b"F,,-1,0,,",
    ),
    "S": (Sentence("guide: Car state message", "transmits the last known status"), S),
    "S list": (
        Sentence("guide: Car state message", "<data> is comma-separated list of"),
        b"S0,M,0,0,stopped,storage,0,0,0,0,0,0,0,0,1,0,0,-1,0,-1,-1,0,0,0,0,0",
    ),
    "L": (Sentence("guide: Car location message", "transmits the last known location"), L),
    "L list": (
        Sentence("guide: Car location message", "<data> is comma-separated list of"),
        b"L-33.5,-70.6,359,-3,0,-1",
    ),
    "V": (
        Sentence("guide: Car Capabilities message", "transmits the vehicle capabilities"),
        b"VC1-6,C10-12,C15-26,C30-32,C40-41,C49",
    ),
    "V list": (
        Sentence("guide: Car Capabilities message", "<data> is comma-separated list of vehicle"),
        b"VC20,C22",
    ),
    "W": (
        Sentence("guide: Car TPMS message", "transmits the last known TPMS values"),
        b"W29,18,40,19,29,18,40,19,1",
    ),
    "W list": (
        Sentence("guide: Car TPMS message", "<data> is comma-separated list of"),
        b"W0,0,0,0,0,0,0,0,-1",
    ),
    "S beyond": (
        Sentence("interop 3", "Then 27 charge time for this charger (min), 28 minutes to"),
        S + b",-1,-1,-1,320,tesla,0,395,96,0,0,0,0,0,0,0,-1",
    ),
    "S word": (
        Sentence("interop 3", "`S`: 5 is a word (`charging topoff done prepare heating stopped`"),
        S + b",75,0,45,320,type2,7.2,395,96,7.4,95,-18,310,14.3,2045.7,36.2,1789000000",
    ),
    "S seconds": (
        Sentence("interop 3", "10 charge duration: minutes from the PIC, seconds from the ESP32"),
        b"S80,K,220,13,topoff,standard,280,270,16,4500,27,124,3,2,0,1,3600,1,160,-1,-1,0,0,-1",
    ),
    "D beyond": (
        Sentence("interop 3", "`D`: door #2 bit 5 headlights"),
        D[:-1] + b"183,45,-0.5,21",
    ),
    "D alarm": (
        Sentence("interop 3", "the guide says alarm is bit 2, **all modules send bit 1**"),
        b"D0,0,4,0,0,0,0,0,0,0,0,67,0,0,12.4,2,12.6,0",
    ),
    "L beyond": (
        Sentence("interop 3", "`L`: 7 speed, 8 trip (1/10), 9 drive mode (**hexadecimal**)"),
        L + b",55.5,123,1F,-12.5,3.4,1.2,-13,88,A,9,0.9,55.1,87",
    ),
    "L without position": (
        Sentence("interop 3", "without a position send 0,0 with lock 0 and stale -1"),
        b"L0,0,0,0,0,-1",
    ),
    "F beyond": (
        Sentence("interop 3", "`F`: 7 km to the next service, 8 **time** of the next service"),
        F + b",15000,1789000000,OVMS WIFI BLE BT cell,LTE",
    ),
    "Y": (
        Sentence("interop 3", "`W` (psi) comes beside `Y` (kPa"),
        b"Y4,FL,FR,RL,RR,4,220.5,221,250,,1,4,18,18,19,,0,4,99,98,,97,1,4,0,1,2,0,1,4,0,1,2,3,1",
    ),
    "Y short": (
        Sentence("interop 3", "Values may be empty; the mapping is missing before firmware"),
        b"Y2,F,R,2,220.5,,0,0,-1,0,-1,0,-1",
    ),
    "X": (
        Sentence("interop 3", "`X` (power export): generating, pilot, voltage, current"),
        b"X1,1,230,-16,-3.6,94,v2h,exporting,2,3,32,100,40,1.5,1.4,100.2,3600,0,0,300,200,250,31,1789000000",
    ),
    "G of a car": (
        Sentence("interop 3", "Firmware before 3.3.005 sent it as `G` from the car"),
        b"G1,1,230,-16,-3.6",
    ),
    "short": (
        Sentence("interop 3", "Fields are only ever appended: a short message is valid"),
        b"S80",
    ),
    "empty": (Sentence("interop 3", "a short message is valid, an unknown tail is kept"), b"S"),
    "tail": (
        Sentence("guide: Backwards Compatibility", "should in general ignore extra parameters"),
        b"W29,18,40,19,29,18,40,19,1,what,comes,,later",
    ),
    "tail of tails": (
        Sentence("guide: Backwards Compatibility", "In this way, the protocol messages can be"),
        S + b"".join(b",field%d" % number for number in range(100)),
    ),
    "unknown": (
        Sentence("interop 3", "Any other code from a car is stored and forwarded as it came"),
        b"Qwhat,this,is\x01\xff\xfe nobody knows",
    ),
    "not UTF-8": (
        Sentence("interop 3", "Text in a field holds no comma and no line end"),
        b"N\xe4\xf6\xfc;two\rlines",
    ),
}
"""Records, each under the sentence that describes it."""


def rows_of(source: dict[str, tuple[Sentence, bytes]]) -> list[Sentence]:
    """Return the sentences of a table."""
    return [sentence for sentence, _ in source.values()]


@pytest.mark.parametrize("payload", [row[1] for row in RECORDS.values()], ids=RECORDS)
def test_a_record_goes_through_as_it_came(case: Case, payload: bytes) -> None:
    """A car's record reaches its apps and batch clients byte for byte, live and at login."""
    car, app, batch = case.car(), case.app(), case.batch()
    car.settle()
    car.say(payload)
    assert car.settle() == []
    for client in (app, batch):
        heard = client.settle()
        assert (heard[0], heard[-1]) == (payload, b"T0")
        assert all(each[:1] == b"f" for each in heard[1:-1])
    assert payload in case.app().login
    assert payload in case.batch().login


vars(test_a_record_goes_through_as_it_came)["sentences"] = rows_of(RECORDS)


@stands_for("interop 1", "After every car message that is stored, its clients get that message and")
@stands_for("guide: Server firmware message", "transmits the firmware versions of the server")
@stands_for("guide: Server firmware message", "<data> is comma-separated list of")
@stands_for("interop 1", "after `F` also `f<server version>` (between the two)")
def test_what_follows_a_record(case: Case) -> None:
    """Behind a stored message comes T0, and between F and T0 the version of the server."""
    car, app = case.car(), case.app()
    car.say(S, F, L)
    car.settle()
    version = run_ovms("--version").stdout.split()[-1].encode()
    assert app.settle() == [S, b"T0", F, b"f" + version, b"T0", L, b"T0"]


@stands_for("guide: Car update time message", "transmits the last known update time of the vehicle")
@stands_for("guide: Car update time message", "<data> is the number of seconds since the car last")
@stands_for("interop 1", "After an app's welcome: `Z1` or `Z0` (is the car connected); the stored")
@stands_for(
    "interop 1",
    "`F` and `S` first",
    "`T<age of the last stored car message in whole seconds>`",
)
@stands_for("interop 6", "`F` before `S` and `D` at login")
@stands_for("interop 6", "`Z` and `T` must be plain integers")
@stands_for("interop 1", "Batch clients get `Z`, the stored messages and `T` like apps")
@pytest.mark.parametrize("role", ["A", "B"])
def test_what_a_client_gets_at_login(case: Case, role: str) -> None:
    """First Z, then F, S and the rest of what is stored, then the age of the last report."""
    car, watcher = case.car(), case.app()
    car.say(D, L, S, b"VC1", b"W1,2", F, b"S81,K")
    car.settle()
    watcher.settle()
    for peers in (b"Z1", b"Z0"):
        login = case.call(role).login
        assert login[:3] == [peers, F, b"S81,K"]
        assert sorted(login[3:-1]) == sorted([D, L, b"VC1", b"W1,2"])
        assert re.fullmatch(rb"T\d{1,2}", login[-1])
        if peers == b"Z1":
            car.wire.close()
            assert watcher.hear() == b"Z0"


@stands_for("interop 6", "one bad number in a record voids the record for it")
def test_a_record_is_nowhere_put_right(case: Case) -> None:
    """What is not a number stays as it came: the server neither mends nor drops a record."""
    car, app = case.car(), case.app()
    car.say(b"Seighty,K,,,,", b"L,,,,,")
    car.settle()
    assert app.settle() == [b"Seighty,K,,,,", b"T0", b"L,,,,,", b"T0"]


@stands_for("guide: Backwards Compatibility", "Similarly, unrecognized messages should be ignored")
@stands_for("interop 3", "and `Z T f`, which only a server sends: dropped")
@pytest.mark.parametrize("role", ["C", "A", "B"])
def test_what_only_a_server_sends_is_dropped(case: Case, role: str) -> None:
    """Z, T and f from a caller are dropped, and its session goes on."""
    car, app, batch = case.car(), case.app(), case.batch()
    caller = case.call(role, case.vehicle) if role != "C" else car
    everything(car, app, batch)
    caller.say(b"Z5", b"T0", b"fmine")
    assert caller.settle() == []
    assert everything(car, app, batch) == [[], [], []]
    assert case.app().login[1:-1] == []


@stands_for("interop 3", "except `A a C c ET G g H h P p`, which have their own meaning")
def test_a_car_asks_nothing(case: Case) -> None:
    """C and p are no car's to send: nobody gets them and nothing is stored of them."""
    car, app = case.car(), case.app()
    car.settle()
    car.say(b"C20,1234", b"pphone,expo,simple,key")
    assert car.settle() == []
    assert app.settle() == []
    assert case.app().login[1:-1] == []


@stands_for("guide: Backwards Compatibility", "Typically, comma-separated lists are used")
@stands_for("interop 3", "Any other code from an interactive app is passed on to the car as it")
@stands_for("interop 3", "from a batch client it is dropped")
def test_an_unknown_code_of_a_client(case: Case) -> None:
    """A code that is not known reaches the car from an app, and from a batch client does not."""
    car, app, batch = case.car(), case.app(), case.batch()
    car.settle()
    app.say(b"Qan,app's\xff", b"Y", b"S1,2")
    assert app.settle() == []
    assert car.settle() == [b"Qan,app's\xff", b"Y", b"S1,2"]
    batch.say(b"Qa batch client's")
    assert batch.settle() == []
    assert everything(car, app) == [[], []]
    assert case.app().login[1:-1] == []


@stands_for(GRAMMAR, "<payload> ::= <code> <data>")
@stands_for(GRAMMAR, "<code> ::= 1 byte instruction code", "<data> ::= N bytes data")
def test_every_code_is_one_byte(case: Case) -> None:
    """Any byte is a code, and data any bytes that hold no line end."""
    car, app = case.car(), case.app()
    codes = [bytes([code]) for code in range(256) if bytes([code]) not in b"AaCcEGgHhPpZTfF\r\n"]
    data = bytes(byte for byte in range(256) if byte not in b"\r\n")
    for code in codes:
        car.say(code + data)
    car.settle()
    assert app.settle() == [each for code in codes for each in (code + data, b"T0")]


@stands_for(
    GRAMMAR,
    "<message> ::= <magic> <version> <space> <protmsg>",
    "<protmsg> ::= <servertocar> | <cartoserver> | <servertoapp> | <apptoserver>",
    '<servertocar> ::= "S"',
    '<cartoserver> ::= "C"',
    '<servertoapp> ::= "s"',
    '<apptoserver> ::= "c"',
)
@stands_for("interop 1", "name directions and are not sent")
@stands_for(GRAMMAR, "<magic> ::= MP-", "<version> ::= 1 byte version number", "<space> ::= ' '")
@pytest.mark.parametrize("plain", [b"MP-1 S80", b"MQ-0 S80", b"MP-0S80", b"S80"])
def test_what_is_not_of_the_grammar(case: Case, plain: bytes) -> None:
    """A line that deciphers to anything but MP-0, a blank and a message ends the connection."""
    car = case.car()
    assert car._out is not None
    car.wire.say(car._out.seal(plain))
    assert car.is_closed()


# -- peers --------------------------------------------------------------------------------------


@stands_for(
    "guide: Peer connection message",
    "to indicate the connection status of the peer",
    "It indicates how many peers are currently connected",
    "<data> is",
)
@stands_for("interop 1", "After a car's welcome: its clients get `Z1`, the car gets `Z<number of")
@stands_for(
    "interop 1", "Car gone: clients get `Z0`", "App comes or goes: the car gets the new `Z`"
)
@stands_for(
    "interop 6", "A rising `Z` makes it send everything at once; above 0 it reports", "`Z` is money"
)
def test_who_hears_of_whom(case: Case) -> None:
    """Clients hear when the car comes and goes; the car hears how many apps there are."""
    app, batch = case.app(), case.batch()
    assert (app.login[0], batch.login[0]) == (b"Z0", b"Z0")
    car = case.car()
    assert car.login == [b"Z1"]
    assert everything(app, batch) == [[b"Z1"], [b"Z1"]]
    others = [case.app(), case.app()]
    assert car.settle() == [b"Z2", b"Z3"]
    for other, count in zip(others, (b"Z2", b"Z1"), strict=True):
        other.wire.close()
        assert car.hear() == count
    car.wire.close()
    assert (app.hear(), batch.hear()) == (b"Z0", b"Z0")


@stands_for("interop 1", "may send commands, and are never counted")
def test_batch_clients_are_not_counted(case: Case) -> None:
    """A car is told nothing when batch clients come and go."""
    car = case.car()
    batch = case.batch()
    assert car.settle() == []
    batch.wire.close()
    app = case.app()
    assert car.settle() == [b"Z1"]
    assert app.login[0] == b"Z1"
