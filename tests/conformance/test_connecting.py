"""Connecting: welcomes, proofs, the cipher, line ends, who takes over."""

from __future__ import annotations

import base64
import re
import socket
import ssl

import pytest

from tests.conformance.client import (
    ALPHABET,
    Caller,
    SocketWire,
    Transport,
    WebWire,
    dial,
    dial_web,
    digest_of,
    make_token,
)
from tests.conformance.conftest import SECRET, Case, everything
from tests.conformance.sentences import stands_for
from tests.waiting import PATIENCE

SCHEME = "guide: Encryption Protection Scheme 0x30"

# -- welcomes -----------------------------------------------------------------------------------


@stands_for(
    "guide: On startup",
    "Caller sends welcome message to the server",
    "MP-C <protection scheme> <car token> <car digest> <car id>",
    "MP-A <protection scheme> <app token> <app digest><car id>",
)
@stands_for("interop 1", "Callers: `MP-C` car, `MP-A` interactive app, `MP-B` batch client")
@pytest.mark.parametrize("role", ["C", "A", "B"])
def test_a_caller_is_welcomed(case: Case, role: str) -> None:
    """A car, an app and a batch client that know the secret are welcomed."""
    caller = case.stranger()
    caller.send_welcome(role, case.vehicle)
    caller.be_welcomed()
    assert caller.settle()[0][:1] == b"Z"


@stands_for(
    "guide: On startup",
    "Server responds welcome message to the caller",
    "MP-S <protection scheme> <server token> <server digest>",
)
@stands_for(SCHEME, "Upon startup, both the server and callers generate random tokens")
@stands_for(
    "interop 1",
    "Digests come with base64 padding (modules, Android) or without (Perl tools): accept both, "
    "send padded",
    "Tokens are 22 characters of the base64 alphabet",
)
def test_the_form_of_the_welcome(case: Case) -> None:
    """The answer is MP-S, scheme, a token of 22 base64 characters, and a padded digest."""
    tokens = set()
    for _ in range(3):
        caller = case.stranger()
        caller.send_welcome("A", case.vehicle)
        line = caller.wire.hear()
        assert line is not None
        found = re.fullmatch(rb"MP-S 0 (\S{22}) (\S{24})", line)
        assert found, line
        assert set(found[1].decode()) <= set(ALPHABET)
        assert len(base64.b64decode(found[2], validate=True)) == 16
        tokens.add(found[1])
    assert len(tokens) == 3


@stands_for("interop 1", "Digests come with base64 padding (modules, Android) or without")
def test_a_digest_without_padding(case: Case) -> None:
    """A caller whose digest lacks the padding is welcomed."""
    caller = case.stranger()
    caller.send_welcome("C", case.vehicle, digest=digest_of(SECRET, caller.token).rstrip("="))
    caller.be_welcomed()
    assert caller.settle() == [b"Z0"]


@stands_for(SCHEME, "Each party then hmac-md5s the token with the shared secret")
@stands_for(
    SCHEME,
    "Hmac-md5s the received token with the shared secret and comparing the result",
    "If the digest match, then the partner had authenticated itself",
)
def test_the_server_proves_the_secret(case: Case) -> None:
    """The server's digest is the HMAC-MD5 of its token under the vehicle's secret."""
    caller = case.stranger()
    caller.send_welcome("A", case.vehicle)
    line = caller.wire.hear()
    assert line is not None
    _, _, token, digest = line.decode().split(" ")
    assert digest == digest_of(SECRET, token)


@stands_for(SCHEME, "the server will only issue it's welcome message after receiving")
def test_nothing_is_said_before_the_welcome(case: Case) -> None:
    """A server says nothing to a caller that has said nothing, or half of its welcome."""
    silent = case.wire(Transport.TLS if case.transport.is_tls else Transport.TCP)
    assert isinstance(silent, SocketWire)
    case.app().settle()
    assert silent.is_quiet()
    caller = Caller(silent, SECRET)
    line = caller.greeting("A", case.vehicle) + b"\r\n"
    silent.send(line[:30])
    case.app().settle()
    assert silent.is_quiet()
    silent.send(line[30:])
    caller.be_welcomed()


@stands_for(
    SCHEME,
    "Validation of the welcome message is performed by",
    "If the digests don't match, then abort the connection",
)
@stands_for("interop 6", "a wrong password must close the connection at once")
@pytest.mark.parametrize("role", ["C", "A", "B"])
def test_a_wrong_secret(case: Case, role: str) -> None:
    """A caller whose digest does not match is closed without an answer."""
    caller = case.stranger("not the secret")
    caller.send_welcome(role, case.vehicle)
    assert caller.is_closed()


@stands_for("interop 6", "Only a wrong secret or an unknown vehicle may cause that")
@pytest.mark.parametrize("role", ["C", "A", "B", "S"])
def test_an_unknown_vehicle(case: Case, role: str) -> None:
    """A caller for a vehicle that is not known is closed without an answer."""
    caller = case.stranger()
    caller.send_welcome(role, f"{case.vehicle}-UNKNOWN")
    assert caller.is_closed()


@stands_for("interop 1", "The vehicle id is compared without case")
def test_the_vehicle_id_has_no_case(case: Case) -> None:
    """A car in lower case and an app in upper case meet in one vehicle."""
    car, app = case.car(case.vehicle.lower()), case.app(case.vehicle.upper())
    assert app.login[0] == b"Z1"
    car.say(b"S80,K")
    car.settle()
    assert app.settle() == [b"S80,K", b"T0"]


@stands_for("interop 1", "An app's welcome may carry a further word (a car picture): ignore it")
def test_a_further_word(case: Case) -> None:
    """An app that names its car picture in the welcome is welcomed like any other."""
    app = case.stranger()
    app.send_welcome("A", case.vehicle, "car_roadster_arcticwhite")
    app.be_welcomed()
    assert app.settle()[0] == b"Z0"


@stands_for("interop 1", "a repeated token of a car proves nothing")
@stands_for("interop 1", "Tokens are 22 characters of the base64 alphabet. The PIC module's")
def test_a_token_may_come_again(case: Case) -> None:
    """A module whose generator repeats its token is welcomed again."""
    token = make_token()
    for _ in range(2):
        car = case.call("C", token=token)
        assert car.settle() == []
        car.wire.close()


# -- the cipher ---------------------------------------------------------------------------------


@stands_for(
    SCHEME,
    "This scheme is based on using shared secrets",
    "Once the partner has been authenticated",
    "Create a new hmac-md5 based on the client and server tokens concatenated",
    "Use the new hmac digest as the key for symmetric rc4 encryption",
    "Generate, and discard, 1024 bytes of cipher text",
)
@stands_for("interop 1", "The session key is HMAC-MD5 of the **server token followed by the client")
@stands_for("interop 1", "Each direction is its own RC4 stream under that key")
def test_the_cipher_runs_on(case: Case) -> None:
    """Both directions decipher over many lines, each as its own stream under one key."""
    car, app = case.car(), case.app()
    car.settle()
    for number in range(20):
        car.say(b"S%d,K" % number)
        app.say(b"C200,%d" % number)
        assert car.hear() == b"C200,%d" % number
        car.say(b"c200,0,%d" % number)
        assert car.settle() == []
        assert app.settle() == [b"S%d,K" % number, b"T0", b"c200,0,%d" % number]


@stands_for(SCHEME, "From this point on, messages are rc4 encrypted and base64 encoded")
@stands_for(SCHEME, "Lines are terminated with CR+LF")
@stands_for("guide: Car <-> Server <-> App", "After discarding CR+LF line termination")
@stands_for(
    "interop 1",
    "On the wire a line is `MP-0 ` + code + data, ciphered and in base64 after the welcome",
    "and are not sent",
)
@stands_for("interop 6", "iOS: CR LF", "Batch tools cut two bytes off each line: CR LF always")
@stands_for("interop 6", "It disconnects on a decrypted line without `MP-0 `")
def test_the_form_of_a_line(case: Case) -> None:
    """A line is base64 with CR LF behind it, and in it MP-0, a blank, the code and the data."""
    app = case.stranger()
    app.send_welcome("A", case.vehicle)
    app.be_welcomed()  # the wire has looked for the line end
    line = app.wire.hear()
    assert line is not None
    assert re.fullmatch(rb"[A-Za-z0-9+/]+=*", line)
    assert app.read(line) == b"Z0"  # and here for what precedes it


@stands_for("interop 1", "Lines end with CR LF or LF alone (the Android app): accept both")
def test_lines_may_end_with_lf(case: Case) -> None:
    """A caller that ends its lines with LF alone is understood, from the welcome on."""
    wire = case.wire(Transport.TLS if case.transport.is_tls else Transport.TCP)
    assert isinstance(wire, SocketWire)
    app = Caller(wire, SECRET)
    wire.send(app.greeting("A", case.vehicle) + b"\n")
    app.be_welcomed()
    wire.send(app.line(b"A") + b"\n" + app.line(b"A") + b"\r\n")
    assert app.hear_code(b"a") == app.hear_code(b"a") == b"a"


@stands_for("interop 1", "Ignore empty lines (one module sends one instead of an answer)")
def test_empty_lines_are_ignored(case: Case) -> None:
    """Empty lines before and after the welcome change nothing."""
    car = case.stranger()
    car.wire.say(b"")
    car.send_welcome("C", case.vehicle)
    car.be_welcomed()
    for _ in range(3):
        car.wire.say(b"")
    assert car.settle() == [b"Z0"]


def test_lines_may_come_in_any_pieces(case: Case) -> None:
    """Lines that come byte by byte, or many in one piece, are the same lines."""
    wire = case.wire(Transport.TLS if case.transport.is_tls else Transport.TCP)
    assert isinstance(wire, SocketWire)
    car = Caller(wire, SECRET)
    for byte in car.greeting("C", case.vehicle) + b"\r\n":
        wire.send(bytes([byte]))
    car.be_welcomed()
    wire.send(b"".join(car.line(b"S%d,K" % number) + b"\r\n" for number in range(10)))
    for byte in car.line(b"L1,2") + b"\r\n":
        wire.send(bytes([byte]))
    car.settle()
    assert {b"S9,K", b"L1,2"} <= set(case.app().login)


@stands_for(SCHEME, "has listened to a previous conversation")
def test_a_line_that_does_not_decipher_ends_the_connection(case: Case) -> None:
    """Whoever repeats an old welcome without knowing the secret is closed with the first line."""
    app = case.app()
    app.wire.say(base64.b64encode(b"MP-0 A"))
    assert app.is_closed()


# -- what is no welcome -------------------------------------------------------------------------

NO_WELCOMES = {
    "words": b"hello there",
    "another letter": b"MP-X 0 token digest FRESH0001",
    "another scheme": b"MP-C 9 token digest FRESH0001",
    "too few words": b"MP-C 0 token",
    "more than 1024 bytes": b"MP-C 0 " + b"x" * 1100,
}


@stands_for("interop 1", "A first line that is none of `MP-`, `AP-C`, HTTP, or longer than 1024")
@stands_for("interop 6", "any refusal of an app (it has no timeout: silence hangs it)")
@pytest.mark.parametrize("line", NO_WELCOMES.values(), ids=NO_WELCOMES)
def test_a_first_line_that_is_no_welcome(case: Case, line: bytes) -> None:
    """A first line that is no welcome closes the connection at once, without an answer."""
    wire = case.wire()
    wire.say(line)
    assert wire.hear() is None


@stands_for("interop 1", "HTTP, or longer than 1024 bytes: close at once")
def test_no_line_end_in_sight(tcp: Case) -> None:
    """Bytes past the longest welcome close the connection before any line end comes."""
    wire = tcp.wire()
    assert isinstance(wire, SocketWire)
    wire.send(b"MP-C 0 " + b"x" * 1100)
    assert wire.hear() is None


# -- other layers -------------------------------------------------------------------------------


@stands_for("interop 1", "`GET /apiv2` (or `/apiv2/`) on the MP ports upgrades to a WebSocket")
@pytest.mark.parametrize("path", ["/apiv2", "/apiv2/"])
@pytest.mark.parametrize("web", [Transport.WS, Transport.WSS], ids=["ws", "wss"])
def test_the_websocket_is_under_its_path(tcp: Case, web: Transport, path: str) -> None:
    """Both spellings of the path upgrade; each text frame then is a line without its end."""
    context = tcp.suite_server.context() if web.is_tls else None
    wire = tcp.keep(dial_web(web, tcp.suite_server.port(web), context, path))
    app = Caller(wire, SECRET)
    app.send_welcome("A", tcp.vehicle)
    app.be_welcomed()
    assert isinstance(wire, WebWire)
    assert app.settle()[0] == b"Z0"


@stands_for("interop 1", "`GET /apiv2` (or `/apiv2/`) on the MP ports upgrades")
def test_another_path_is_no_websocket(tcp: Case) -> None:
    """HTTP under another path is told so, or nothing, and closed; it is never upgraded."""
    wire = tcp.wire()
    assert isinstance(wire, SocketWire)
    wire.send(b"GET /other HTTP/1.1\r\nHost: localhost\r\n\r\n")
    status = wire.hear()
    assert status is None or re.match(rb"HTTP/1.1 4\d\d ", status)


@stands_for("interop 1", "Ports: 6867 plain, 6870 the same in TLS")
@stands_for("interop 6", "1.2 must work on 6870")
@pytest.mark.parametrize("newest", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_the_same_in_tls(tcp: Case, newest: ssl.TLSVersion) -> None:
    """The TLS port speaks TLS 1.2, for modules, and 1.3."""
    context = tcp.suite_server.context(newest)
    wire = tcp.keep(dial(Transport.TLS, tcp.suite_server.port(Transport.TLS), context))
    assert isinstance(wire, SocketWire)
    assert isinstance(wire.connection, ssl.SSLSocket)
    assert wire.connection.version() == newest.name.replace("_", ".")
    car = Caller(wire, SECRET)
    car.send_welcome("C", tcp.vehicle)
    car.be_welcomed()
    assert car.settle() == [b"Z0"]


def test_parties_meet_across_transports(tcp: Case) -> None:
    """A car on plain TCP and an app on each other transport are in one conversation."""
    car = tcp.car()
    for transport in Transport:
        app = Caller(tcp.wire(transport), SECRET)
        app.send_welcome("A", tcp.vehicle)
        app.be_welcomed()
        assert app.settle()[0] == b"Z1"
        car.say(b"S80,K")
        car.settle()
        assert app.settle() == [b"S80,K", b"T0"]


# -- a second car -------------------------------------------------------------------------------


@stands_for("interop 1", "A second login of the same car takes over")
@stands_for("interop 1", "the server sends it `A` at once")
def test_a_second_car_takes_over(case: Case) -> None:
    """A second connection of the car is pinged at once; its answer closes the first."""
    old, app = case.car(), case.app()
    new = case.stranger()
    new.answers_pings = False
    new.send_welcome("C", case.vehicle)
    new.be_welcomed()
    assert new.hear() == b"A"
    new.say(b"a")
    assert new.settle() == [b"Z1"]
    assert old.hear_code(b"Z") == b"Z1"
    assert old.is_closed()
    new.say(b"S1,K")
    new.settle()
    assert app.settle() == [b"Z1", b"S1,K", b"T0"]


@stands_for("interop 1", "a newcomer takes over with its proof")
def test_a_repeated_welcome_displaces_nobody(case: Case) -> None:
    """Who repeats the car's welcome, but cannot cipher a line, leaves the living car in place."""
    car, app = case.car(), case.app()
    thief = Caller(case.wire(), SECRET, car.token)
    thief.send_welcome("C", case.vehicle)
    assert thief.wire.hear() is not None
    thief.wire.say(base64.b64encode(b"MP-0 A"))
    while thief.wire.hear() is not None:
        pass
    car.settle()
    car.say(b"S1,K")
    assert car.settle() == []
    assert app.settle() == [b"S1,K", b"T0"]


@stands_for("interop 1", "After a car's welcome: its clients get `Z1`")
@stands_for("interop 1", "Without proof nobody is a car")
def test_a_car_counts_with_its_proof(case: Case) -> None:
    """Before its proof a car gets one ping and no other line, and its clients hear nothing."""
    car, app = case.stranger(), case.app()
    car.answers_pings = False
    car.send_welcome("C", case.vehicle)
    car.be_welcomed()
    assert car.hear() == b"A"
    car.say(b"A")
    app.say(b"C11")
    assert app.settle() == [b"c11,1,car is not connected"]
    assert car.wire.is_quiet()
    car.say(b"a")
    assert app.hear() == b"Z1"
    assert car.hear() == b"Z1"
    assert car.hear() == b"a"


FIRST_LINES = {
    "status": (b"S80,K,220,70,charging,standard,280,270", True),
    "24 printable bytes beyond the ping": (b"S" + b"x" * 24, True),
    "23 bytes": (b"S" + b"x" * 23, False),
    "one that is not printable": (b"S" + b"x" * 24 + b"\xe9", False),
    "short": (b"S80", False),
}


@stands_for("interop 1", "A line proves a car only if it begins beyond")
@pytest.mark.parametrize(("line", "is_proof"), FIRST_LINES.values(), ids=FIRST_LINES)
def test_the_first_line_may_be_the_proof(case: Case, line: bytes, is_proof: bool) -> None:
    """A long first line of text proves a car; any other counts from the second line on."""
    car, app = case.stranger(), case.app()
    car.answers_pings = False
    car.send_welcome("C", case.vehicle)
    car.be_welcomed()
    assert car.hear() == b"A"
    car.say(line)
    if not is_proof:
        case.app(case.suite_server.fresh())  # whatever the line does is done by now
        assert app.settle() == []
        assert car.wire.is_quiet()
        car.say(b"a")
    assert app.hear() == b"Z1"
    assert [app.hear(), app.hear()] == [line, b"T0"]


@stands_for("interop 1", "both directions use the same RC4 key stream from its start")
def test_an_echo_is_no_proof(case: Case) -> None:
    """Who repeats the car's welcome and answers with the server's own bytes is no car."""
    car, app = case.car(), case.app()
    car.settle()
    thief = Caller(case.wire(), SECRET, car.token)
    thief.send_welcome("C", case.vehicle)
    assert thief.wire.hear() is not None
    ping = thief.wire.hear()
    assert ping is not None
    key = bytes(a ^ b for a, b in zip(base64.b64decode(ping), b"MP-0 A", strict=True))
    thief.wire.say(base64.b64encode(bytes(a ^ b for a, b in zip(key, b"MP-0 a", strict=True))))
    car.say(b"S1,K")
    assert car.settle() == []
    assert app.settle() == [b"S1,K", b"T0"]
    assert thief.wire.is_quiet()


@stands_for("interop 1", "A failed car login is told to the owner once, its return once")
def test_a_refused_car_is_told_once(case: Case) -> None:
    """The owner hears once that a car was refused, and once that it is back."""
    app = case.app()
    for _ in range(3):
        car = case.stranger("not the secret")
        car.send_welcome("C", case.vehicle)
        assert car.is_closed()
    assert [payload[:1] for payload in app.settle()] == [b"P"]
    for _ in range(2):
        case.car().wire.close()
    kinds = [payload[:1] for payload in app.settle()]
    assert kinds.count(b"P") == 1


@stands_for("interop 6", "Its TLS speaks 1.0 to 1.2 with SNI and seven bundled roots")
def test_tls_with_and_without_a_name(tcp: Case) -> None:
    """A caller that names no server in its TLS greeting is served like one that does."""
    context = tcp.suite_server.context(ssl.TLSVersion.TLSv1_2)
    for name in (None, "ovms.example.org"):
        plain = socket.create_connection(
            ("127.0.0.1", tcp.suite_server.port(Transport.TLS)), timeout=PATIENCE
        )
        car = Caller(tcp.keep(SocketWire(context.wrap_socket(plain, server_hostname=name))), SECRET)
        car.send_welcome("C", tcp.vehicle)
        car.be_welcomed()
        car.settle()


@stands_for("interop 6", "One app instance once showed another owner's car")
def test_vehicles_do_not_mix(case: Case) -> None:
    """What belongs to one vehicle reaches nobody of another, also when connections come and go."""
    other = case.suite_server.fresh()
    for number in range(5):
        strangers = [case.car(other), case.app(other)]
        assert not any(b"S" in payload[:1] for payload in strangers[1].login)
        everything(*strangers)
        car, app = case.car(), case.app()
        car.say(b"S%d,K" % number, b"PAhello")
        app.say(b"C7,mine")
        car.settle()
        assert everything(*strangers) == [[], []]
        for caller in (car, app, *strangers):
            caller.wire.close()


def hang_up_and_read(case: Case, line: bytes) -> list[bytes]:
    """Say a line, end this side of the connection at once, and give all lines that come."""
    wire = case.wire()
    assert isinstance(wire, SocketWire)
    wire.say(line)
    wire.connection.shutdown(socket.SHUT_WR)
    return list(iter(wire.hear, None))


@stands_for("interop 7", "A caller that says its line and ends its side at once")
def test_a_caller_that_ends_its_side_at_once(tcp: Case) -> None:
    """It gets its answer all the same: a provisioning answer, or a welcome and what is stored."""
    assert hang_up_and_read(tcp, b"AP-C 0 NOSUCHVIN") == [b"AP-X"]
    caller = tcp.stranger()
    welcome, *lines = hang_up_and_read(tcp, caller.greeting("A", tcp.vehicle))
    caller.start(welcome)
    assert [caller.read(line)[:1] for line in lines] == [b"Z", b"T"]
