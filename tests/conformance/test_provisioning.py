"""Auto-provisioning: a car that knows its VIN and its SIM card is given its parameters."""

from __future__ import annotations

import base64
from itertools import count

import pytest

from tests.conformance.client import Stream, Wire, digest_of, hmac_md5
from tests.conformance.conftest import Case, SuiteServer
from tests.conformance.sentences import stands_for

GUIDE = "guide: Auto Provisioning"
SCHEME = "guide: Auto Provisioning Protection Scheme 0x30"

ICCID = "8944500102198304826"
PARAMETERS = ["+447700900123", "OVMS", "K", "SMS", "203.0.113.5", "internet"]


@pytest.fixture(scope="session")
def vin(suite_server: SuiteServer) -> str:
    """Have a record at the server; returns its key."""
    suite_server.ovms(
        "provision", "add", "--vin", "5YJRE1A31A1P01234", "--iccid", ICCID, *PARAMETERS
    )
    return "5YJRE1A31A1P01234"


def ask(wire: Wire, key: str) -> bytes:
    """Ask for a record, and give the line that answers."""
    wire.say(b"AP-C 0 " + key.encode())
    line = wire.hear()
    assert line is not None
    return line


def open_record(line: bytes, iccid: str) -> list[str]:
    """Check an AP-S as a car does, and give the parameters."""
    name, scheme, token, digest, record = line.decode().split(" ")
    assert (name, scheme) == ("AP-S", "0")
    assert digest == digest_of(iccid, token).rstrip("=")
    return Stream(hmac_md5(iccid, token)).open(record.encode()).decode().split(" ")


@stands_for(
    GUIDE,
    "A caller can perform auto-provisioning at any time (authenticated or not)",
    "Auto-Provisioning relies on two secrets known both to the server and client",
    "The server will then lookup the auto-provisioning record, and reply",
    "The auto-provisioning record itself is platform dependent",
)
@stands_for(
    SCHEME,
    "For cars: AP-C <protection scheme> <apkey>",
    "AP-S <protection scheme> <server token> <server digest> <provisioning>",
    "The server then hmac-md5s this token with the shared secret (usually the ICCID",
    "Using this hmac digest, the server generates and discards 1024 bytes of cipher text",
    "The server then rc4 encrypts and base64 encodes the provisioning information",
    "and provides the VIN as the <apkey>",
    "If the server does find a matching provisioning record, it replies with an AP-S message",
)
@stands_for("interop 7", "The operators' own `ap_check` compares the digest of `AP-S`")
def test_a_record_is_given_to_whoever_names_its_key(case: Case, vin: str) -> None:
    """Without a welcome, the key alone gets the sealed record, which the second secret opens."""
    line = ask(case.wire(), vin)
    assert open_record(line, ICCID) == PARAMETERS


@stands_for(SCHEME, "a random token is generated (encoded as textual characters)")
@stands_for(SCHEME, "sending the previously saved server token, digest and encoded provisioning")
def test_the_record_is_sealed_once(case: Case, vin: str) -> None:
    """Every connection gets the same token, digest and record: they were sealed when made."""
    assert ask(case.wire(), vin) == ask(case.wire(), vin)


@stands_for(SCHEME, "If it has none, it replies with an AP-X message")
@stands_for(SCHEME, "Upon receiving the AP-C message, the server looks up any provisioning records")
def test_no_record(case: Case, vin: str) -> None:
    """For a key that has no record the answer is AP-X, and the connection stays."""
    wire = case.wire()
    assert ask(wire, "5YJRE1A31A1P09999") == b"AP-X"
    assert ask(wire, vin) == b"AP-X"


@stands_for(GUIDE, "However, only one auto-provision can be performed for each connection")
@stands_for(
    SCHEME,
    "The server will ensure that it only responds to one AP-C message for any one connection",
    "Once responded, all subsequent AP-C requests will always be replied with a AP-X",
)
def test_once_a_connection(case: Case, vin: str) -> None:
    """The second request of a connection, and each later one, is refused, also in one breath."""
    wire = case.wire()
    for _ in range(3):
        wire.say(b"AP-C 0 " + vin.encode())
    lines = [wire.hear() for _ in range(3)]
    assert lines[0] is not None
    assert lines[0].startswith(b"AP-S ")
    assert lines[1:] == [b"AP-X", b"AP-X"]


@stands_for(GUIDE, "A caller can perform auto-provisioning at any time (authenticated or not)")
@pytest.mark.parametrize("role", ["C", "A", "B"])
def test_before_the_welcome(case: Case, vin: str, role: str) -> None:
    """A caller that was given its record can go on and be welcomed on the same connection."""
    caller = case.stranger()
    assert open_record(ask(caller.wire, vin), ICCID) == PARAMETERS
    caller.send_welcome(role, case.vehicle)
    caller.be_welcomed()
    assert caller.settle()[0] == b"Z0"
    assert ask(caller.wire, vin) == b"AP-X"


@stands_for(GUIDE, "A caller can perform auto-provisioning at any time (authenticated or not)")
def test_after_the_welcome(case: Case, vin: str) -> None:
    """After the welcome it is in plain, too, and does not move the ciphers."""
    car = case.car()
    for at, expected in zip(count(), (b"AP-S", b"AP-X", b"AP-X"), strict=False):
        assert ask(car.wire, vin)[:4] == expected
        car.say(b"S%d,K" % at)
        assert car.settle() == []
    assert b"S2,K" in case.app().login


def test_the_record_is_not_in_the_clear(tcp: Case, vin: str) -> None:
    """Who knows the key alone learns nothing: neither secret nor a parameter is readable."""
    line = ask(tcp.wire(), vin)
    record = base64.b64decode(line.split()[-1])
    for secret in (ICCID, *PARAMETERS[:2]):
        assert secret.encode() not in line
        assert secret.encode() not in record
